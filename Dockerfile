# The image of an instance: etcd, and `etcd-cluster` as PID 1, which runs it.
#
#   docker build -t etcd-cluster .
#   docker run --net=host --stop-timeout 60 -v etcd:/var/lib/etcd -e HOSTED_ZONE=example.org etcd-cluster
#
# Host networking, because a container behind Docker's bridge is one hop further from the instance metadata service than
# its answers go by default (F37), and because members must advertise the instance's own address.
#
# Packages are pinned to an upstream version and left open in Debian's revision: within a stable release only fixes
# change it, and the archive drops the old one, so that an exact pin would break the build on the day of a security fix.

# Both stages are the same Debian release: the binary needs a glibc no older than the one it was linked with.
FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends 'libcurl4-openssl-dev=7.88.1-*' \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
COPY script/build-release script/
COPY Sources Sources
# The manifest names the test targets, and Swift reads no manifest whose targets have no folder. They are not built.
COPY Tests Tests
# The standard libraries go into the binary; what it still loads is named below.
RUN program="$(script/build-release)" \
    && strip -o /etcd-cluster "$program"

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="etcd-cluster" \
      org.opencontainers.image.description="Keeps a healthy etcd cluster on an EC2 autoscaling group" \
      org.opencontainers.image.licenses="MIT"
# The user comes before the package, which would make its own under a number that changes between builds. 999 is also
# the number under which Taupage runs containers, so that its volumes and ours have the same owner. No port is below
# 1024, etcd needs no privilege, and PID 1 reaps its orphans under any user.
RUN groupadd --system --gid 999 etcd \
    && useradd --system --uid 999 --gid etcd --home-dir /var/lib/etcd --no-create-home --shell /usr/sbin/nologin etcd \
    && apt-get update \
    && apt-get install --yes --no-install-recommends \
        'ca-certificates=20*' \
        'etcd-client=3.4.23-*' \
        'etcd-server=3.4.23-*' \
        'libcurl4=7.88.1-*' \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=etcd --group=etcd --mode=0700 /var/lib/etcd
COPY LICENSE /usr/share/doc/etcd-cluster/copyright
COPY --from=build /etcd-cluster /usr/local/bin/etcd-cluster

ENV ETCD_DATA_DIR=/var/lib/etcd
# After the directory has its owner: a new named volume takes owner and mode from it. A directory of the host that is
# mounted here instead must be writable for user 999. A named volume is part of the host's disk; where a disk of its own is
# mounted here, it may come back on another instance, and a dead member's removal waits for that.
VOLUME /var/lib/etcd
# Clients, peers, and the report for other members' supervisors.
EXPOSE 2379 2380 2382
# By number, so that an orchestrator can see that it is not root.
USER 999:999
# No HEALTHCHECK: the supervisor restarts etcd by itself, and whatever replaces unhealthy containers would take down a
# whole cluster because it has no quorum for a moment (F43).
STOPSIGNAL SIGTERM
ENTRYPOINT ["etcd-cluster"]

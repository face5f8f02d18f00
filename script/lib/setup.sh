# What the scripts need on a Debian or Ubuntu that has nothing but the Swift toolchain: sourced, not run.
# Everything is checked by what can be used, so a second run is instant, silent and needs no network.
# shellcheck shell=bash

PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD="$PROJECT/.build"
VENV="$BUILD/venv"
MISSING_PACKAGES=() # each "package" or "package|older-name"
MISSING_REASONS=()

say() { printf '%s\n' "$*" >&2; }

die() {
    say "error: $*"
    exit 1
}

# have_command COMMAND: also where Debian keeps programs that a normal user's PATH lacks.
have_command() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; }

# need PACKAGE[|OLDER-NAME] REASON CHECK...: if the check fails, the package is to be installed.
need() {
    local package=$1 reason=$2
    shift 2
    if ! "$@" >/dev/null 2>&1; then
        MISSING_PACKAGES+=("$package")
        MISSING_REASONS+=("$reason")
    fi
}

# install_missing: installs what `need` found, or says exactly what is missing and the one command to run.
install_missing() {
    [ ${#MISSING_PACKAGES[@]} -gt 0 ] || return 0
    local names=("${MISSING_PACKAGES[@]%%|*}") as_root=()
    local wanted="${names[*]}"
    if ! have_command apt-get; then
        die "missing: $(joined "${MISSING_REASONS[@]}") (Debian packages: $wanted); install them with this system's package manager"
    fi
    if [ "$(id -u)" != 0 ]; then
        as_root=(sudo -n)
        sudo -n true >/dev/null 2>&1 || die "missing: $(joined "${MISSING_REASONS[@]}"). Run this, then try again:
    sudo apt-get update && sudo apt-get install -y --no-install-recommends $wanted"
    fi
    say "Installing ${names[*]} ..."
    # An update may fail for one source and still have brought the lists that count; the installation is the judge.
    "${as_root[@]}" apt-get update -qq >/dev/null 2>&1 || say "apt-get update reported errors; trying with the package lists that are here"
    names=()
    local package
    for package in "${MISSING_PACKAGES[@]}"; do names+=("$(available "$package")"); done
    local etcd_was_served=no log
    etcd_is_served && etcd_was_served=yes
    log=$(mktemp)
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${names[@]}" >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        die "could not install ${names[*]}. Try: sudo apt-get install ${names[*]}"
    fi
    rm -f "$log"
    # Debian's package starts an etcd of its own; what is needed here is the program, not a service.
    if [ $etcd_was_served = no ] && etcd_is_served; then
        "${as_root[@]}" systemctl disable --now --quiet etcd || say "note: the package started a service named etcd; it is not needed here"
    fi
    MISSING_PACKAGES=()
    MISSING_REASONS=()
}

# joined TEXT...: the texts, with commas between them.
joined() {
    local text
    text=$(printf ', %s' "$@")
    printf '%s' "${text#, }"
}

# available PACKAGE|OLDER-NAME: the first of the names that this distribution knows.
available() {
    local name
    for name in ${1//|/ }; do
        if [ -n "$(apt-cache show --no-all-versions "$name" 2>/dev/null)" ]; then
            printf '%s' "$name"
            return
        fi
    done
    printf '%s' "${1%%|*}"
}

etcd_is_served() { have_command systemctl && systemctl is-active --quiet etcd 2>/dev/null; }

libcurl_is_there() { pkg-config --exists libcurl; }

# setup_build: notes what `swift build` needs. setup_rig installs it, or says all that is missing at once.
setup_build() {
    have_command swift || die "missing: the Swift toolchain, 6.2 or later (https://www.swift.org/install/linux/)"
    need pkg-config "pkg-config" have_command pkg-config
    need libcurl4-openssl-dev "libcurl's headers" libcurl_is_there
}

# build_release: builds the release binary; sets BINARY.
build_release() {
    BINARY=$("$PROJECT/script/build-release") || die "the build failed"
    export BINARY
}

# setup_rig: installs what was noted and what the end-to-end rig needs: programs, and a virtual environment with the
# pinned Python packages.
setup_rig() {
    need "etcd-server|etcd" "etcd" have_command etcd
    need "etcd-client|etcd" "etcdctl" have_command etcdctl
    need dnsmasq-base "dnsmasq" have_command dnsmasq
    need "bind9-dnsutils|dnsutils" "dig" have_command dig
    need openssl "openssl" have_command openssl
    need util-linux "unshare" have_command unshare
    need iproute2 "ip" have_command ip
    need python3 "Python 3.10 or later" have_command python3
    venv_is_current || need python3-venv "Python's venv" python3 -c "import ensurepip, venv"
    install_missing
    venv_is_current && return
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        die "Python 3.10 or later is needed; python3 is $(python3 --version 2>&1)"
    say "Setting up Python packages in ${VENV#"$PROJECT"/} ..."
    mkdir -p "$BUILD"
    (
        have_command flock && flock 9 # two scripts at once: the second waits, and then finds it done
        venv_is_current || make_venv
    ) 9>"$BUILD/setup.lock" || exit 1
}

# venv_stamp: what the virtual environment depends on, as one line.
venv_stamp() {
    printf '%s %s' "$(sha256sum <"$PROJECT/Tests/EndToEnd/requirements.txt" | cut -d' ' -f1)" \
        "$(python3 --version 2>/dev/null)"
}

venv_is_current() { [ -x "$VENV/bin/python" ] && [ "$(cat "$VENV/stamp" 2>/dev/null)" = "$(venv_stamp)" ]; }

make_venv() {
    rm -rf "$VENV"
    python3 -m venv "$VENV" || die "python3 -m venv failed"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check \
        -r "$PROJECT/Tests/EndToEnd/requirements.txt" || {
        rm -rf "$VENV"
        die "could not install the Python packages of Tests/EndToEnd/requirements.txt (does pip reach an index?)"
    }
    venv_stamp >"$VENV/stamp"
}

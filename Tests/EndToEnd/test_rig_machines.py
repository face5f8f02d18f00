"""The rig's machines start, follow their group, die whole, and leave nothing behind; their metadata is EC2's."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.utils import InstanceMetadataFetcher

from rig import addresses
from rig.aws import AccessKey, Instance
from rig.etcd import Endpoint, EtcdFailed, LeaderChanged, await_write, etcdctl, leader_of
from rig.imds import Behaviour, InstanceMetadata
from rig.processes import Program, ProgramFailed, executable_of, is_alive
from rig.waiting import TimedOut, wait_until
from rig.world import World
from rig.writer import Writer

# A supervisor with a child in a process group and session of its own, as etcd-cluster has one; copied, it is "etcd".
FAMILY = ["sh", "-c", "setsid ./etcd 1000 & wait"]
MakeWorld = Callable[..., World]


def all_gone(pids: list[int]) -> bool:
    return not any(is_alive(pid) for pid in pids)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    started: list[Program] = []

    def start(*command: str) -> Program:
        started.append(Program(command, dict(os.environ), tmp_path / "log"))
        return started[-1]

    yield start
    for one in started:
        one.kill_everything()


class TestPrograms:
    @pytest.mark.parametrize("script, code", [("exit 0", 0), ("exit 64", 64), ("kill -9 $$", -9), ("kill -TERM $$", -15)])
    def test_exit_code_is_the_programs_own(self, program: Callable[..., Program], script: str, code: int) -> None:
        assert program("sh", "-c", script).wait(10) == code

    def test_program_that_does_not_exist_is_told(self, program: Callable[..., Program]) -> None:
        one = program("/nowhere/program")
        assert one.wait(10) == 127

    def test_signals_reach_the_program_with_default_dispositions(self, program: Callable[..., Program]) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            one = program("sleep", "1000")
            wait_until("it sleeps", lambda pid=one.pid: executable_of(pid) == "sleep")
            one.signal(number)
            assert one.wait(10) == -number

    def test_stopping_what_ignores_sigterm_fails_and_kills(self, program: Callable[..., Program]) -> None:
        one = program("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done")
        wait_until("it ignores SIGTERM", lambda: "ready" in one.log.read_text())
        with pytest.raises(ProgramFailed):
            one.stop(timeout=0.3)
        assert one.processes() == [] and not is_alive(one.pid)

    def test_killing_everything_finds_what_hides_in_sessions_of_its_own(self, program: Callable[..., Program]) -> None:
        one = program("sh", "-c", "setsid sh -c 'sleep 1000 & setsid sleep 1000 & exit' & setsid sleep 1000 & exit 7")
        assert one.wait(10) == 7
        wait_until("three sleepers are left", lambda: [executable_of(pid) for pid in one.processes()] == ["sleep"] * 3)
        pids = one.processes()
        one.kill_everything()
        assert all_gone(pids)

    def test_supervisors_that_restart_their_child_can_not_outrun_the_killing(self, program: Callable[..., Program]) -> None:
        one = program("sh", "-c", "while :; do sh -c 'while :; do sleep 0.01; done'; done")
        wait_until("it is busy", lambda: len(one.processes()) >= 2)
        one.kill_everything()
        assert one.processes() == []

    def test_output_goes_to_the_log(self, program: Callable[..., Program]) -> None:
        one = program("sh", "-c", "echo out; echo err >&2")
        one.wait(10)
        assert sorted(one.log.read_text().split()) == ["err", "out"]


class TestAddresses:
    def test_blocks_do_not_overlap_and_come_back(self) -> None:
        blocks = [addresses.reserve(), addresses.reserve(), addresses.reserve(large=True)]
        for block in blocks:
            assert not any(block.network.overlaps(other.network) for other in blocks if other is not block)
            assert addresses.claim(block.network) is None
        blocks[0].release()
        again = addresses.claim(blocks[0].network)
        assert again is not None
        for block in [again, *blocks[1:]]:
            block.release()

    def test_block_is_taken_for_as_long_as_a_program_holds_it(self, tmp_path: Path) -> None:
        block = addresses.reserve()
        holder = Program(["sleep", "1000"], dict(os.environ), tmp_path / "log", holding=[block.descriptor])
        block.release()
        assert addresses.claim(block.network) is None
        holder.kill_everything()
        again = addresses.claim(block.network)
        assert again is not None
        again.release()


INSTANCE = Instance("i-0abc", "127.77.9.4", "running", "group", "InService", "ami-1", "t3.small", "eu-central-1a",
                    "2026-01-02 03:04:05.678", {})


@pytest.fixture
def imds() -> Iterator[InstanceMetadata]:
    issued: list[AccessKey] = []

    def issue(lifetime: float) -> AccessKey:
        issued.append(AccessKey(f"ASIA{len(issued)}", "secret", "token", time.time() + lifetime))
        return issued[-1]

    metadata = InstanceMetadata(INSTANCE, issue, tags={"Name": "etcd"})
    yield metadata
    metadata.close()


NO_HEADERS: Mapping[str, str] = {}


def ask(metadata: InstanceMetadata, method: str, path: str, headers: Mapping[str, str] = NO_HEADERS,
        timeout: float = 5) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(metadata.endpoint).port, timeout=timeout)
    try:
        connection.request(method, path, headers=dict(headers))
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def session(metadata: InstanceMetadata, seconds: int = 60) -> dict[str, str]:
    status, token = ask(metadata, "PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": str(seconds)})
    assert status == 200
    return {"X-aws-ec2-metadata-token": token}


class TestInstanceMetadata:
    def test_version_1_is_refused(self, imds: InstanceMetadata) -> None:
        assert ask(imds, "GET", "/latest/meta-data/instance-id")[0] == 401
        assert ask(imds, "GET", "/latest/meta-data/instance-id", {"X-aws-ec2-metadata-token": "made-up"})[0] == 401

    @pytest.mark.parametrize("headers, status", [
        ({}, 400), ({"X-aws-ec2-metadata-token-ttl-seconds": "0"}, 400), ({"X-aws-ec2-metadata-token-ttl-seconds": "21601"}, 400),
        ({"X-aws-ec2-metadata-token-ttl-seconds": "60", "X-Forwarded-For": "10.0.0.1"}, 403)])
    def test_token_requests_are_checked(self, imds: InstanceMetadata, headers: dict[str, str], status: int) -> None:
        assert ask(imds, "PUT", "/latest/api/token", headers)[0] == status

    def test_token_ends_with_its_time_and_with_a_reboot(self, imds: InstanceMetadata) -> None:
        brief, lasting = session(imds, 5), session(imds, 60)
        path = "/latest/meta-data/instance-id"
        assert ask(imds, "GET", path, brief) == (200, "i-0abc")
        wait_until("the token expires", lambda: ask(imds, "GET", path, brief)[0] == 401)
        assert ask(imds, "GET", path, lasting)[0] == 200
        imds.forget_tokens()
        assert ask(imds, "GET", path, lasting)[0] == 401

    @pytest.mark.parametrize("path, value", [
        ("meta-data/instance-id", "i-0abc"), ("meta-data/local-ipv4", "127.77.9.4"),
        ("meta-data/placement/region", "eu-central-1"), ("meta-data/iam/security-credentials/", "etcd-cluster"),
        ("meta-data/autoscaling/target-lifecycle-state", "InService"), ("meta-data/tags/instance/Name", "etcd"),
        ("meta-data/placement/availability-zone", "eu-central-1a")])
    def test_values_are_the_instances(self, imds: InstanceMetadata, path: str, value: str) -> None:
        assert ask(imds, "GET", f"/latest/{path}", session(imds)) == (200, value)

    @pytest.mark.parametrize("path", ["meta-data/nothing", "meta-data/spot/instance-action", "user-data",
                                      "meta-data/iam/security-credentials/other"])
    def test_what_is_not_there_is_404(self, imds: InstanceMetadata, path: str) -> None:
        assert ask(imds, "GET", f"/latest/{path}", session(imds))[0] == 404

    def test_identity_document_names_the_instance(self, imds: InstanceMetadata) -> None:
        document = json.loads(ask(imds, "GET", "/latest/dynamic/instance-identity/document", session(imds))[1])
        assert [document[name] for name in ("instanceId", "privateIp", "region", "pendingTime")] == [
            "i-0abc", "127.77.9.4", "eu-central-1", "2026-01-02T03:04:05Z"]

    def test_curl_gets_through_it(self, imds: InstanceMetadata) -> None:
        def curl(*words: str) -> str:
            return subprocess.run(["curl", "-sf", "--noproxy", "*", "-m", "5", *words], capture_output=True, text=True,
                                  check=True).stdout
        token = curl("-X", "PUT", f"{imds.endpoint}/latest/api/token", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60")
        assert curl(f"{imds.endpoint}/latest/meta-data/instance-id", "-H", f"X-aws-ec2-metadata-token: {token}") == "i-0abc"

    def test_botocore_finds_the_credentials_and_sees_them_renewed(self, imds: InstanceMetadata) -> None:
        fetcher = InstanceMetadataFetcher(base_url=imds.endpoint, num_attempts=1, timeout=20)
        assert fetcher.retrieve_iam_role_credentials()["access_key"] == "ASIA0"
        imds.renew(60)
        assert fetcher.retrieve_iam_role_credentials()["access_key"] == "ASIA1"
        imds.renew(-1)  # expired already, so that the service renews by itself when it is asked
        imds.lifetime = 3600
        assert fetcher.retrieve_iam_role_credentials()["access_key"] == "ASIA3"
        imds.renews = False
        imds.renew(-1)
        assert imds.key.access_key == "ASIA4"
        credentials = json.loads(ask(imds, "GET", "/latest/meta-data/iam/security-credentials/etcd-cluster", session(imds))[1])
        assert credentials["Code"] == "Success" and credentials["AccessKeyId"] == "ASIA4"

    def test_it_can_misbehave_and_recover(self, imds: InstanceMetadata) -> None:
        headers, path = session(imds), "/latest/meta-data/instance-id"
        statuses = {Behaviour.REFUSES: 401, Behaviour.FAILS: 500, Behaviour.OFF: 404, Behaviour.GARBAGE: 200}
        for behaviour, status in statuses.items():
            imds.behave(behaviour)
            assert ask(imds, "GET", path, headers)[0] == status
        imds.behave(Behaviour.OFF, affects="/latest/meta-data/iam")
        assert ask(imds, "GET", path, headers) == (200, "i-0abc")
        assert ask(imds, "GET", "/latest/meta-data/iam/security-credentials/", headers)[0] == 404
        imds.behave(Behaviour.HANGS)
        with pytest.raises(TimeoutError):
            ask(imds, "GET", path, headers, timeout=0.3)
        imds.behave(Behaviour.NORMAL)
        assert ask(imds, "GET", path, headers) == (200, "i-0abc")


@pytest.fixture
def family(tmp_path: Path, make_world: MakeWorld) -> World:
    """A group of two whose machines run a shell with a child named etcd in a session of its own."""
    (tmp_path / "etcd").write_bytes(Path("/bin/sleep").read_bytes())
    (tmp_path / "etcd").chmod(0o755)
    script = FAMILY[-1].replace("./etcd", str(tmp_path / "etcd"))
    return make_world([*FAMILY[:-1], script], size=2)


def families_run(world: World, count: int) -> bool:
    living = world.fleet.living()
    return len(living) == count and all(host.etcd() is not None for host in living)


class TestFleet:
    def test_terminating_an_instance_kills_all_its_processes_at_once(self, family: World) -> None:
        family.fleet.follow()
        wait_until("two families run", lambda: families_run(family, 2))
        lost, other = family.fleet.living()
        pids, others = lost.processes(), other.processes()
        assert len(pids) >= 2 and os.getsid(pids[0]) != os.getsid(lost.etcd() or 0)
        family.aws.terminate(lost.id)
        wait_until("its processes are gone", lambda: all_gone(pids))
        wait_until("the replacement runs", lambda: families_run(family, 2))
        assert [host.id for host in family.fleet.living()] == [other.id, family.aws.running()[-1].id]
        assert other.processes() == others
        with pytest.raises(ConnectionRefusedError):
            ask(lost.imds, "GET", "/latest/meta-data/instance-id")
        assert family.fleet.errors == []

    def test_fleet_follows_the_desired_capacity(self, family: World) -> None:
        family.fleet.follow()
        family.aws.set_desired_capacity(4)
        wait_until("four families run", lambda: families_run(family, 4))
        family.aws.set_desired_capacity(1)
        wait_until("one is left", lambda: families_run(family, 1))

    def test_killed_supervisor_leaves_its_etcd_to_the_next(self, family: World) -> None:
        family.fleet.follow()
        wait_until("two families run", lambda: families_run(family, 2))
        host = family.fleet.living()[0]
        old, supervisor = host.etcd(), host.supervisor.pid
        assert host.kill_supervisor() == supervisor and not host.is_up()
        assert host.etcd() == old and host.ended() == -9
        host.start()
        wait_until("both etcds run", lambda: host.etcd() not in (None, old))
        assert old in host.processes()
        pids = host.processes()
        host.crash()
        assert all_gone(pids)

    def test_killed_etcd_is_only_etcd(self, family: World) -> None:
        family.fleet.follow()
        wait_until("two families run", lambda: families_run(family, 2))
        host = family.fleet.living()[0]
        pid = host.kill_etcd()
        wait_until("etcd is gone", lambda: all_gone([pid]))
        assert host.supervisor.wait(10) == 0  # this shell was not killed: it ends by itself, with its child

    def test_stopped_instance_stops_and_starts_with_its_disk(self, family: World) -> None:
        family.fleet.follow()
        wait_until("two families run", lambda: families_run(family, 2))
        host = family.fleet.living()[0]
        host.data.mkdir()
        (host.data / "file").write_text("kept")
        family.aws.set_instance_state(host.id, "stopped")
        wait_until("it is off", lambda: host.processes() == [])
        assert len(family.fleet.living()) == 1
        family.aws.set_instance_state(host.id, "running")
        wait_until("it is on again", lambda: families_run(family, 2))
        assert (host.data / "file").read_text() == "kept"
        host.stop()
        host.start(wipe=True)
        assert not host.data.exists()

    def test_supervisor_gets_the_contracts_environment_and_nothing_of_ours(
            self, make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "mine")
        monkeypatch.setenv("ETCD_NAME", "mine")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        world = make_world(["env"], size=1, environment={"ETCD_CLUSTER_INTERVAL": "1s"})
        world.fleet.follow()
        host = wait_until("there is a machine", lambda: world.fleet.living())[0]
        wait_until("it ran", lambda: host.ended() == 0)
        seen = dict(line.partition("=")[::2] for line in host.log_text().splitlines())
        address = host.address
        assert {name: value for name, value in seen.items() if name.startswith(("AWS", "ETCD", "HOSTED", "http"))} == {
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": host.imds.endpoint, "AWS_ENDPOINT_URL": world.aws.endpoint,
            "HOSTED_ZONE": "example.org", "ETCD_DATA_DIR": str(host.data), "ETCD_CLUSTER_INTERVAL": "1s",
            "ETCD_LISTEN_CLIENT_URLS": f"http://{address}:2379", "ETCD_LISTEN_PEER_URLS": f"http://{address}:2380",
            "ETCD_LISTEN_METRICS_URLS": f"http://{address}:2381"}

    def test_delay_holds_a_machine_back(self, make_world: MakeWorld) -> None:
        seen: dict[str, float] = {}

        def delay(instance: Instance) -> float:
            seen[instance.id] = time.monotonic()
            return 0.6 * (len(seen) - 1)

        world = make_world(["sleep", "1000"], size=2, delay=delay)
        world.fleet.follow()
        wait_until("both run", lambda: len(seen) == 2 and all(host.is_up() for host in world.fleet.living()))
        second = world.fleet.host(list(seen)[1])
        assert second.supervisor.started_at >= seen[second.id] + 0.6

    def test_instances_credentials_open_the_door_and_expire_on_order(self, make_world: MakeWorld) -> None:
        world = make_world(["sleep", "1000"], size=1)
        world.fleet.follow()
        host = world.fleet.living()[0]
        assert world.aws.client("ec2", host.imds.key).describe_instances()["Reservations"]
        world.aws.expire_keys(host.id)
        with pytest.raises(Exception, match="RequestExpired"):
            world.aws.client("ec2", host.imds.key).describe_instances()
        world.aws.client("ec2", host.imds.renew()).describe_instances()


class TestEtcds:
    def test_writer_loses_nothing_when_a_member_dies_and_says_what_is_missing(self, make_world: MakeWorld) -> None:
        bare = make_world(["true"], size=0).bare_etcds(3)
        bare.start()
        await_write(bare.endpoints, 30)
        with Writer(lambda: bare.endpoints) as writer:
            leader = wait_until("one leads", lambda: leader_of(bare.endpoints))
            wait_until("some writes", lambda: len(writer.acknowledged) > 20)
            bare.programs[urlsplit(leader.url).hostname or ""].kill_everything()
            count = len(writer.acknowledged)
            wait_until("writes go on", lambda: len(writer.acknowledged) > count + 20)
        left = wait_until("one leads", lambda: leader_of(bare.endpoints))
        assert writer.missing(left) == []
        assert len(left.members()) == 3 and left.get(writer.acknowledged[0]) == writer.acknowledged[0]
        left.call("kv/deleterange", key="d3JpdGVyLzAwMDAwMDAz")  # writer/00000003
        assert writer.missing(left) == ["writer/00000003"]

    def test_nobody_there_is_a_failure_in_time(self) -> None:
        with pytest.raises(TimedOut, match="no write was acknowledged"):
            await_write([Endpoint("http://127.77.1.1:2379")], timeout=0.3)
        with pytest.raises(EtcdFailed):
            Endpoint("http://127.77.1.1:2379").members()

    def test_a_read_that_an_election_ended_is_asked_for_again_and_a_write_is_not(self) -> None:
        asked: list[str] = []

        class Electing(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                asked.append(self.path)
                refused = len(asked) != 3
                answer = b'{"error":"etcdserver: leader changed","code":14}' if refused else b'{"kvs":[{"key":"YQ==","value":"Yg=="}]}'
                self.send_response(503 if refused else 200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        with ThreadingHTTPServer(("127.0.0.1", 0), Electing) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}")
            assert endpoint.get("a") == "b" and len(asked) == 3
            with pytest.raises(LeaderChanged):
                endpoint.put("a", "b")
            assert len(asked) == 4
            with pytest.raises(LeaderChanged):
                endpoint.get("a", timeout=0.2)
            server.shutdown()


class TestDNS:
    def test_zone_is_served_and_followed_and_etcdctl_finds_its_way(self, make_world: MakeWorld) -> None:
        world = make_world(["true"], size=0)
        bare = world.bare_etcds(1)
        bare.start()
        await_write(bare.endpoints, 30)
        address = urlsplit(bare.endpoints[0].url).hostname or ""
        resolver = world.serve_dns()
        assert resolver.lookup("_etcd-client._tcp.v1.example.org", "SRV") == []

        def publish(action: str, name: str, kind: str, *values: str) -> None:
            record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value} for value in values]}
            world.aws.route53.change_resource_record_sets(
                HostedZoneId=world.aws.zone_id, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]})

        publish("CREATE", "one.v1.example.org", "A", address)
        publish("CREATE", "v1.example.org", "A", address, "127.77.1.2")
        publish("CREATE", "_etcd-client._tcp.v1.example.org", "SRV", "1 1 2379 one.v1.example.org")
        wait_until("the resolver follows", lambda: resolver.client_urls("v1.example.org") == [f"http://{address}:2379"])
        assert resolver.lookup("v1.example.org", "A") == sorted([address, "127.77.1.2"])
        publish("UPSERT", "v1.example.org", "A", "127.77.1.3")
        wait_until("the resolver follows", lambda: resolver.lookup("v1.example.org", "A") == ["127.77.1.3"])
        prefix = resolver.command()
        if prefix is None:
            assert os.geteuid() != 0, "root can serve port 53 and have a mount namespace"
        else:
            assert etcdctl("--discovery-srv", "v1.example.org", "put", "a", "b", prefix=prefix) == "OK\n"
        assert resolver.errors == []


# What a rig does that is then killed: a world with two families, and its process IDs on standard output.
VICTIM = """
import sys, time
from pathlib import Path
from rig.aws import service
from rig.waiting import wait_until
from rig.world import World
world = World(Path(sys.argv[1]), ["sh", "-c", "setsid sleep 1000 & wait"], size=2)
world.fleet.follow()
world.serve_dns()
wait_until("all run", lambda: len(world.fleet.living()) == 2 and all(len(h.processes()) == 2 for h in world.fleet.living()))
programs = [*service._NURSERY._programs, world.resolver._program, *(h.supervisor for h in world.fleet.living())]
print(world.block.network, *(p for one in programs for p in [one._keeper.pid, *one.processes()]), flush=True)
time.sleep(1000)
"""


class TestNothingIsLeftBehind:
    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    def test_when_the_rig_itself_is_killed(self, tmp_path: Path, number: int) -> None:
        complaints = tmp_path / "stderr"
        with complaints.open("w") as stderr:
            rig = subprocess.Popen([sys.executable, "-X", "faulthandler", "-c", VICTIM, str(tmp_path)], text=True,
                                   stdout=subprocess.PIPE, stderr=stderr, cwd=Path(__file__).parent)
        try:
            assert rig.stdout
            network, *words = rig.stdout.readline().split()
            pids = [int(word) for word in words]
            assert len(pids) == 3 + 2 + 2 * 3 and not any(all_gone([pid]) for pid in pids)
            rig.send_signal(number)
            try:
                rig.wait(timeout=20)
            except subprocess.TimeoutExpired:
                rig.send_signal(signal.SIGABRT)  # makes faulthandler show what every thread is doing
                rig.wait(timeout=10)
                pytest.fail(f"the rig did not end:\n{complaints.read_text()}")
            wait_until("everything has ended", lambda: all_gone(pids))
            wait_until("the block is free", lambda: network not in Path("/proc/net/unix").read_text())
        finally:
            rig.kill()
            rig.wait()

    def test_closing_a_world_ends_everything(self, family: World) -> None:
        family.fleet.follow()
        family.serve_dns()
        family.bare_etcds(1).start()
        wait_until("two families run", lambda: families_run(family, 2))
        pids = [pid for host in family.fleet.living() for pid in host.processes()] + family.aws.program.processes()
        family.close()
        assert all_gone(pids)
        assert str(family.block.network) not in Path("/proc/net/unix").read_text()

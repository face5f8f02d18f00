"""DNS says what is true, real clients can use it, and it is written only when it changes (F40, F41, F42)."""

from __future__ import annotations

from typing import Callable

from rig.etcd import etcdctl
from rig.waiting import wait_until
from rig.world import STEADY, World

_CHANGE = "route53:ChangeResourceRecordSets"
_GROUPS = "autoscaling:DescribeAutoScalingGroups"


def test_a_resolver_and_etcdctl_find_exactly_the_healthy_voters(world: World) -> None:
    world.fleet.follow()
    world.await_whole()
    world.await_dns()
    running = world.aws.running()
    resolver = world.serve_dns()
    addresses = sorted(one.address for one in running)
    for name in (world.domain, f"etcd-server.{world.domain}"):
        assert sorted(resolver.lookup(name, "A")) == addresses
    for service, port in (("_etcd-server", 2380), ("_etcd-client", 2379), ("_etcd", 2379)):
        expected = sorted(f"1 1 {port} {one.id}.{world.domain}." for one in running)
        assert sorted(resolver.lookup(f"{service}._tcp.{world.domain}", "SRV")) == expected
    for one in running:
        assert resolver.lookup(f"{one.id}.{world.domain}", "A") == [one.address]
    etcdctl("put", "by-srv", "found", "--discovery-srv", world.domain, prefix=resolver.command())
    answer = etcdctl("get", "by-srv", "--print-value-only", "--discovery-srv", world.domain, prefix=resolver.command())
    assert answer.strip() == "found"


def test_a_second_turn_makes_no_change_call(make_world: Callable[..., World], binary: str) -> None:
    world = make_world([binary], environment={"ETCD_CLUSTER_INTERVAL": "200ms", **STEADY})
    world.fleet.follow()
    world.await_whole()
    world.await_dns()
    leader = world.leader()
    changes = world.aws.zone_changes()
    # Of the founders' swaps of the record all but one were refused.
    attempts = len(world.aws.calls(action=_CHANGE))
    turns = len(world.aws.calls(leader.id, _GROUPS))
    wait_until("twenty more turns", lambda: len(
        world.aws.calls(leader.id, _GROUPS)) >= turns + 20)
    assert world.aws.zone_changes() == changes
    assert len(world.aws.calls(action=_CHANGE)) == attempts


def test_followers_ask_aws_nothing_and_the_leader_little(make_world: Callable[..., World], binary: str) -> None:
    world = make_world([binary], environment={"ETCD_CLUSTER_INTERVAL": "200ms", **STEADY})
    world.fleet.follow()
    world.await_whole()
    world.await_dns()
    leader = world.leader()

    def twenty_turns() -> set[tuple[str, str]]:
        world.aws.forget_calls()
        wait_until("twenty turns", lambda: len(world.aws.calls(leader.id)) >= 20)
        return {(call.caller, call.action) for call in world.aws.calls()}

    # The turn after a change reads the zone once more, and one in which a busy member answers late asks for its instance.
    wait_until("nothing but the group is asked for", lambda: twenty_turns() == {(leader.id, _GROUPS)}, 90)


def test_a_restart_of_etcd_changes_nothing_in_dns(world: World) -> None:
    world.fleet.follow()
    world.await_whole()
    world.await_dns()
    changes = world.aws.zone_changes()
    host = next(one for one in world.fleet.living() if one is not world.leader())
    member = host.endpoint.status().member_id
    host.kill_etcd()
    wait_until("it serves again", lambda: host.endpoint.status().member_id == member and host.endpoint.get("x") is None)
    assert world.aws.zone_changes() == changes


def test_an_ill_voter_leaves_dns_after_a_while_and_comes_back_well(make_world: Callable[..., World], binary: str) -> None:
    world = make_world([binary], environment={"ETCD_CLUSTER_INTERVAL": "1s"})
    world.fleet.follow()
    world.await_whole()
    world.await_dns()
    host = next(one for one in world.fleet.living() if one is not world.leader())
    name = (f"{host.id}.{world.domain}.", "A")
    host.crash()
    wait_until("DNS drops it", lambda: name not in world.present_records(), 60)
    assert len(world.present_records()[(f"{world.domain}.", "A")]) == 2
    host.start()
    world.await_dns()


def test_records_of_others_are_left_alone(world: World) -> None:
    other = {"Name": f"www.{world.domain}.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    world.aws.route53.change_resource_record_sets(
        HostedZoneId=world.aws.zone_id, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": other}]})
    world.fleet.follow()
    world.await_whole()
    wait_until("ours stand beside it", lambda: world.present_records() == {
        **world.expected_records(), (other["Name"], "A"): ("192.0.2.1",)})


def test_a_name_that_two_zones_share_is_settled_by_type_or_refused(
        make_world: Callable[..., World], binary: str) -> None:
    """F42: the first match may be the wrong one."""
    world = make_world([binary], size=1, starts=False)
    private = world.aws.create_zone(world.aws.zone_name, private=True)
    world.fleet.sync()
    host = world.fleet.living()[0]
    host.start()
    wait_until("it refuses to choose", lambda: "2 hosted zones are named" in host.log_text())
    assert host.etcd() is None, "a zone that can't be read may name a cluster"
    host.stop()
    host.start(ETCD_CLUSTER_ZONE_TYPE="private")
    world.await_whole()
    wait_until("the private zone has the records", lambda: len(world.aws.records(private)) == 7)
    assert world.aws.records() == []

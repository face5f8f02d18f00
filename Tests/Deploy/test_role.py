"""The role of etcd-cluster.yaml against the calls that the product makes, as its source has them."""

import re
from fnmatch import fnmatchcase

import pytest
import yaml
from conftest import ROOT, broken

AWS = ROOT / "Sources/AWS"
DEFINITION = (ROOT / "etcd-cluster.yaml").read_text()
OPERATION = re.compile(r'\bOperation\(\s*\.(\w+),\s*"(\w+)"')
SERVICE = re.compile(r'static let (\w+) = Service\(\s*name: "[^"]+", endpointPrefix: "(\w+)"')


def calls(source, services):
    """The operations that Swift source makes, as IAM calls them. STS is left out: it is asked for a role, by none."""
    prefixes = dict(SERVICE.findall(services))
    operations = OPERATION.findall(source)
    assert operations and len(operations) == len(re.findall(r"\bOperation\(", source)), "an operation could not be read"
    return {f"{prefixes[service]}:{name}" for service, name in operations if service != "sts"}


def made():
    source = "".join(path.read_text() for path in sorted((AWS / "Operations").glob("*.swift")))
    return source, (AWS / "Service.swift").read_text()


def statements(definition):
    (policy,) = yaml.safe_load(definition)["Resources"]["EtcdRole"]["Properties"]["Policies"]
    return policy["PolicyDocument"]["Statement"]


def granted(definition):
    actions = [each["Action"] for each in statements(definition)]
    return {action for each in actions for action in ([each] if isinstance(each, str) else each)}


def test_the_role_grants_exactly_the_calls_that_are_made():
    assert granted(DEFINITION) == calls(*made())


def test_a_call_that_is_not_granted_is_noticed():
    source, services = made()
    more = source + 'Operation(\n    .ec2, "TerminateInstances", .query([]))'
    assert calls(more, services) - granted(DEFINITION) == {"ec2:TerminateInstances"}


def test_a_grant_that_is_not_used_is_noticed():
    more = broken(DEFINITION, "- ec2:DescribeInstances\n", "- ec2:DescribeInstances\n                  - ec2:*\n")
    assert granted(more) - calls(*made()) == {"ec2:*"}


def test_only_calls_that_know_no_resource_are_granted_on_all():
    (everywhere,) = [each["Action"] for each in statements(DEFINITION) if each["Resource"] == "*"]
    assert all(re.fullmatch(r"\w+:(Describe\w+|ListHostedZonesByName)", action) for action in everywhere)


@pytest.mark.parametrize(("name", "allowed"), [
    ("releaseetcd.example.org", True),
    ("etcd-server.releaseetcd.example.org", True),
    ("i-0123456789abcdef0.releaseetcd.example.org", True),
    ("_etcd-server-ssl._tcp.releaseetcd.example.org", True),
    ("_etcd-cluster.releaseetcd.example.org", True),
    ("example.org", False),
    ("www.example.org", False),
    ("notreleaseetcd.example.org", False),
    ("releaseetcd.example.org.attacker.example", False),
])
def test_only_the_clusters_own_names_may_be_changed(name, allowed):
    definition = DEFINITION.replace("{{SenzaInfo.StackVersion}}", "releaseetcd")
    (change,) = [each for each in statements(definition.replace("{{Arguments.HostedZone}}", "example.org"))
                 if each["Action"] == "route53:ChangeResourceRecordSets"]
    key = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
    assert change["Condition"]["Null"] == {key: "false"}
    assert change["Condition"]["ForAllValues:StringEquals"] == {
        "route53:ChangeResourceRecordSetsRecordTypes": ["A", "SRV"],
        "route53:ChangeResourceRecordSetsActions": ["UPSERT", "DELETE"]}
    # IAM's "*" and "?" are fnmatch's, and the names hold none of what else means something to fnmatch.
    patterns = change["Condition"]["ForAllValues:StringLike"][key]
    assert any(fnmatchcase(name, pattern) for pattern in patterns) == allowed

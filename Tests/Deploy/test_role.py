"""The role of etcd-cluster.yaml against the calls that the product makes, as its source has them."""

import re
from fnmatch import fnmatchcase

import pytest
import yaml
from conftest import ROOT, broken

AWS = ROOT / "Sources/AWS"
DEFINITION = (ROOT / "etcd-cluster.yaml").read_text()
OPERATION = re.compile(r'\bOperation\(\s*\.(\w+),\s*"(\w+)"')
# A function that makes operations of one service, given their names.
MAKER = re.compile(r"private static func (\w+)\(\s*_ name: String,[^{]*\{\s*Operation\(\s*\.(\w+), name,")
SERVICE = re.compile(r'static let (\w+) = Service\(\s*name: "[^"]+", endpointPrefix: "(\w+)"')


# IAM calls these otherwise than the API does.
OTHERWISE = {
    "s3:ListObjectsV2": "s3:ListBucket", "s3:HeadObject": "s3:GetObject", "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject", "s3:CompleteMultipartUpload": "s3:PutObject",
    "monitoring:PutMetricData": "cloudwatch:PutMetricData",
}
# Calls that no instance makes by itself: `recover --terminate` is a person's, and goes by that person's credentials. A role
# that may terminate instances would be the worst thing to lose on an instance.
FOR_PEOPLE = {"ec2:TerminateInstances"}


def calls(source, services):
    """The operations that Swift source makes, as IAM calls them. STS is left out: it is asked for a role, by none."""
    prefixes = dict(SERVICE.findall(services))
    operations = OPERATION.findall(source)
    makers = MAKER.findall(source)
    assert operations and len(operations) + len(makers) == len(re.findall(r"\bOperation\(", source)), \
        "an operation could not be read"
    for maker, service in makers:
        made_by_it = re.findall(rf'\b{maker}\(\s*"(\w+)"', source)
        assert made_by_it, f"{maker} makes nothing"
        operations += [(service, name) for name in made_by_it]
    names = {f"{prefixes[service]}:{name}" for service, name in operations if service != "sts"}
    return {OTHERWISE.get(name, name) for name in names}


def made():
    folders = (AWS / "Operations", AWS / "S3Transfers")
    source = "".join(path.read_text() for folder in folders for path in sorted(folder.glob("*.swift")))
    return source, (AWS / "Service.swift").read_text()


def statements(definition):
    """All that the role may do, where a bucket and a namespace are configured."""
    resources = yaml.safe_load(definition)["Resources"]
    (inline,) = resources["EtcdRole"]["Properties"]["Policies"]
    policies = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::IAM::Policy"]
    assert all(policy["Roles"] == [{"Ref": "EtcdRole"}] for policy in policies)
    return [statement for policy in [inline, *policies] for statement in policy["PolicyDocument"]["Statement"]]


def statements_for(action, definition=DEFINITION):
    return [each for each in statements(definition) if action in each["Action"]]


def filled_in(text):
    """As senza and CloudFormation fill it in for one stack."""
    values = {
        "{{SenzaInfo.StackVersion}}": "releaseetcd", "{{Arguments.HostedZone}}": "example.org",
        "${AWS::Partition}": "aws", "${AWS::Region}": "eu-west-1", "${AWS::AccountId}": "123456789012",
        "${AWS::StackName}": "etcd-cluster-releaseetcd", "${BackupBucket}": "backups",
    }
    for name, value in values.items():
        text = text.replace(name, value)
    assert "{" not in text, f"not filled in: {text}"
    return text


def resource(statement):
    return filled_in(statement["Resource"]["Fn::Sub"])


def granted(definition):
    actions = [each["Action"] for each in statements(definition)]
    return {action for each in actions for action in ([each] if isinstance(each, str) else each)}


def test_the_role_grants_exactly_the_calls_that_are_made():
    assert granted(DEFINITION) == calls(*made()) - FOR_PEOPLE


def test_what_is_left_to_people_is_a_call_that_exists():
    assert FOR_PEOPLE < calls(*made())


def test_a_call_that_is_not_granted_is_noticed():
    source, services = made()
    more = source + 'Operation(\n    .ec2, "StopInstances", .query([])); autoScaling(\n    "DetachInstances", [])'
    assert calls(more, services) - granted(DEFINITION) - FOR_PEOPLE == {
        "ec2:StopInstances", "autoscaling:DetachInstances"}


def test_an_operation_that_cannot_be_read_is_noticed():
    source, services = made()
    with pytest.raises(AssertionError, match="could not be read"):
        calls(source + "Operation(service, name)", services)


def test_a_grant_that_is_not_used_is_noticed():
    more = broken(DEFINITION, "- ec2:DescribeInstances\n", "- ec2:DescribeInstances\n                  - ec2:*\n")
    assert granted(more) - calls(*made()) == {"ec2:*"}


def test_only_calls_that_know_no_resource_are_granted_on_all():
    everywhere, metrics = [each for each in statements(DEFINITION) if each["Resource"] == "*"]
    assert all(re.fullmatch(r"\w+:(Describe\w+|ListHostedZonesByName)", action) for action in everywhere["Action"])
    assert metrics["Action"] == "cloudwatch:PutMetricData"
    assert metrics["Condition"] == {"StringEquals": {"cloudwatch:namespace": {"Ref": "MetricsNamespace"}}}


@pytest.mark.parametrize(("group", "allowed"), [
    ("etcd-cluster-releaseetcd-AppServer-1J5X0EXAMPLE", True),
    ("etcd-cluster-otheretcd-AppServer-1J5X0EXAMPLE", False),
    ("etcd-cluster-releaseetcd-Other-1J5X0EXAMPLE", False),
    ("etcd-cluster-releaseetcd", False),
])
def test_only_the_stacks_own_group_is_told_anything(group, allowed):
    told = {"autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat",
            "autoscaling:SetInstanceHealth"}
    (statement,) = [each for each in statements(DEFINITION) if told & set(each["Action"])]
    assert set(statement["Action"]) == told
    arn = f"arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:c0ffee:autoScalingGroupName/{group}"
    assert fnmatchcase(arn, resource(statement)) == allowed


KEY = "route53:ChangeResourceRecordSets"


def allows(statement, name, kind, action):
    """Whether a change of one record set is allowed. IAM's "*" and "?" are fnmatch's, and the names hold none of what else
    means something to fnmatch."""
    conditions = statement["Condition"]
    assert set(conditions) <= {"Null", "ForAllValues:StringLike", "ForAllValues:StringEquals"}
    # "ForAllValues" holds for a request that names nothing.
    assert conditions["Null"] == {KEY + "NormalizedRecordNames": "false"}
    equals = conditions["ForAllValues:StringEquals"]
    exact = [filled_in(each) for each in equals.get(KEY + "NormalizedRecordNames", [])]
    patterns = conditions.get("ForAllValues:StringLike", {}).get(KEY + "NormalizedRecordNames", [])
    return (kind in equals[KEY + "RecordTypes"] and action in equals[KEY + "Actions"]
            and (name in exact or any(fnmatchcase(name, filled_in(pattern)) for pattern in patterns)))


@pytest.mark.parametrize(("name", "allowed"), [
    ("releaseetcd.example.org", True),
    ("etcd-server.releaseetcd.example.org", True),
    ("i-0123456789abcdef0.releaseetcd.example.org", True),
    ("_etcd-server-ssl._tcp.releaseetcd.example.org", True),
    ("example.org", False),
    ("www.example.org", False),
    ("notreleaseetcd.example.org", False),
    ("releaseetcd.example.org.attacker.example", False),
])
@pytest.mark.parametrize(("kind", "action"), [("A", "UPSERT"), ("SRV", "DELETE")])
def test_only_the_clusters_own_names_may_be_changed(name, allowed, kind, action):
    assert any(allows(each, name, kind, action) for each in statements_for(KEY)) == allowed


@pytest.mark.parametrize(("name", "kind", "action", "allowed"), [
    ("_etcd-cluster.releaseetcd.example.org", "TXT", "CREATE", True),
    ("_etcd-cluster.releaseetcd.example.org", "TXT", "DELETE", True),
    # It would not fail where another one was faster.
    ("_etcd-cluster.releaseetcd.example.org", "TXT", "UPSERT", False),
    ("_etcd-cluster.otheretcd.example.org", "TXT", "CREATE", False),
    # By which certificates are got.
    ("_acme-challenge.releaseetcd.example.org", "TXT", "CREATE", False),
    ("releaseetcd.example.org", "TXT", "CREATE", False),
    ("releaseetcd.example.org", "A", "CREATE", False),
    ("releaseetcd.example.org", "MX", "UPSERT", False),
])
def test_of_text_only_the_record_may_be_written_and_never_over_another(name, kind, action, allowed):
    assert any(allows(each, name, kind, action) for each in statements_for(KEY)) == allowed


def test_of_the_bucket_only_the_record_and_the_backups_are_read_and_written():
    (objects,) = [each for each in statements(DEFINITION) if {"s3:GetObject", "s3:PutObject"} & set(each["Action"])]
    assert [filled_in(each["Fn::Sub"]) for each in objects["Resource"]] == [
        "arn:aws:s3:::backups/releaseetcd.record", "arn:aws:s3:::backups/releaseetcd/*"]
    (listing,) = [each for each in statements(DEFINITION) if each["Action"] == "s3:ListBucket"]
    assert resource(listing) == "arn:aws:s3:::backups"
    # With one, S3 would say 403 of a record that is not there.
    assert "Condition" not in listing

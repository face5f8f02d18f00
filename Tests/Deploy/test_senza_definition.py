"""etcd-cluster.yaml, judged by the senza that reads it, by cfn-lint, and by moto's CloudFormation, which builds it."""

import copy
import json
import re
from fnmatch import fnmatchcase

import pytest
import yaml
from conftest import JUDGES, REGION, ROOT, broken, run

DEFINITION = ROOT / "etcd-cluster.yaml"
ZONE = "elephant.example.org"
IMAGE = "registry.example.org/acid/etcd-cluster:1"
# The invocation of the tool that this one replaces.
ARGUMENTS = ("releaseetcd", f"HostedZone={ZONE}", f"DockerImage={IMAGE}")

# What cfn-lint says of every template of senza's, and where. Nothing else is let pass.
SENZAS_OWN = {
    # senza writes down what it was told and what it found, used or not.
    ("W7001", "Mappings/LoadBalancerInternalSubnets"),
    ("W7001", "Mappings/LoadBalancerSubnets"),
    ("W7001", "Mappings/Senza"),
    # It makes launch configurations only, which AWS has closed for accounts younger than October 2024.
    ("W3697", "Resources/AppServerConfig/Properties"),
}


@pytest.fixture(scope="module")
def template(aws):
    """The CloudFormation that senza makes of the definition."""
    verdict = aws.senza("print", DEFINITION, *ARGUMENTS)
    assert verdict.returncode == 0, verdict.stderr
    return json.loads(verdict.stdout)


@pytest.fixture(scope="module")
def taupage(template):
    """What an instance is told at its first boot."""
    data = template["Resources"]["AppServerConfig"]["Properties"]["UserData"]["Fn::Base64"]
    assert data.startswith("#taupage-ami-config\n")
    return yaml.safe_load(data)


def findings(template, folder):
    path = folder / "template.json"
    path.write_text(json.dumps(template))
    verdict = run(JUDGES / "tools/bin/cfn-lint", "--regions", REGION, "--format", "json", "--", path)
    found = json.loads(verdict.stdout)
    assert (verdict.returncode == 0) == (found == []), verdict.stderr
    return {(each["Rule"]["Id"], "/".join(map(str, each["Location"]["Path"]))) for each in found}


def test_arguments_may_be_positional(aws, template):
    verdict = aws.senza("print", DEFINITION, "releaseetcd", ZONE, IMAGE)
    assert json.loads(verdict.stdout) == template


@pytest.mark.parametrize("arguments", [
    ("releaseetcd", f"HostedZone={ZONE}"),
    ("releaseetcd", f"DockerImage={IMAGE}"),
    (*ARGUMENTS, "HostedZome=example.org"),
    ("release-etcd", *ARGUMENTS[1:]),
])
def test_senza_refuses_wrong_arguments(aws, arguments):
    assert aws.senza("print", DEFINITION, *arguments).returncode != 0


@pytest.mark.parametrize(("old", "new"), [
    ("Senza::TaupageAutoScalingGroup", "Senza::TaupageAutoscalingGroup"),
    ("runtime: Docker", "runtime: Podman"),
    ("{{SenzaInfo.StackVersion}}", "{{SenzaInfo.Version}}"),
    ("InstanceType: t2.medium\n", "\n"),
])
def test_senza_refuses_a_broken_copy(aws, tmp_path, old, new):
    path = tmp_path / "etcd-cluster.yaml"
    path.write_text(broken(DEFINITION.read_text(), old, new))
    assert aws.senza("print", path, *ARGUMENTS).returncode != 0


@pytest.mark.parametrize(("parameter", "value", "fits"), [
    ("HostedZone", ZONE, True),
    ("HostedZone", "_x.10.in-addr.arpa", True),
    ("HostedZone", "Elephant.example.org", False),
    ("HostedZone", "elephant.example.org.", False),
    ("HostedZone", "", False),
    ("ClientCIDR", "172.31.0.0/16", True),
    ("ClientCIDR", "172.31.0.0", False),
    ("BackupBucket", "", True),
    ("BackupBucket", "etcd.backups-1", True),
    ("BackupBucket", "s3://backups", False),
    ("BackupBucket", "backups/etcd", False),
    ("MetricsNamespace", "", True),
    ("MetricsNamespace", "Local/etcd", True),
    ("MetricsNamespace", "Local etcd", False),
])
def test_cloudformation_checks_parameters(template, parameter, value, fits):
    pattern = template["Parameters"][parameter]["AllowedPattern"]
    assert (re.fullmatch(pattern, value) is not None) == fits


def test_cfn_lint_finds_nothing_of_ours(template, tmp_path):
    assert findings(template, tmp_path) == SENZAS_OWN


def without_security_group(resources):
    del resources["EtcdSecurityGroup"]


def misspelled(resources):
    resources["AppServer"]["Properties"]["MinimumSize"] = resources["AppServer"]["Properties"].pop("MinSize")


def no_port(resources):
    resources["EtcdMembersIngress"]["Properties"]["ToPort"] = "all"


def no_such_transition(resources):
    resources["EtcdLeavingHook"]["Properties"]["LifecycleTransition"] = "autoscaling:EC2_INSTANCE_LEAVING"


def no_such_condition(resources):
    resources["EtcdBucketPolicy"]["Condition"] = "HasBuckets"


def no_such_effect(resources):
    resources["EtcdRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]["Effect"] = "Permit"


@pytest.mark.parametrize("damage", [
    without_security_group, misspelled, no_port, no_such_transition, no_such_condition, no_such_effect])
def test_cfn_lint_refuses_a_broken_copy(template, tmp_path, damage):
    damaged = copy.deepcopy(template)
    damage(damaged["Resources"])
    assert {rule[0] for rule, _ in findings(damaged, tmp_path) - SENZAS_OWN} >= {"E"}


@pytest.fixture(scope="module")
def stack(aws):
    """The stack's physical resources by their names in the definition."""
    verdict = aws.senza("create", DEFINITION, *ARGUMENTS)
    assert verdict.returncode == 0, verdict.stderr
    cloudformation = aws.client("cloudformation")
    (stack,) = cloudformation.describe_stacks()["Stacks"]
    assert (stack["StackName"], stack["StackStatus"]) == ("etcd-cluster-releaseetcd", "CREATE_COMPLETE")
    resources = cloudformation.describe_stack_resources(StackName=stack["StackName"])["StackResources"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    # moto builds no scaling policies, and lists them without a name.
    built = [each for each in resources if "PhysicalResourceId" in each]
    return outputs | {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in built}


def test_clients_are_told_the_name_under_which_the_records_will_be(stack):
    # The cluster is named after what follows the last hyphen of the stack's name.
    version = "etcd-cluster-releaseetcd".rsplit("-", 1)[1]
    assert stack["DiscoveryDomain"] == f"{version}.{ZONE}"


def test_three_instances_start_in_the_stacks_group_and_role(aws, stack):
    autoscaling = aws.client("autoscaling")
    (group,) = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["AutoScalingGroupName"] == stack["AppServer"]
    assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == (3, 3, 3)
    ids = [instance["InstanceId"] for instance in group["Instances"]]
    reservations = aws.client("ec2").describe_instances(InstanceIds=ids)["Reservations"]
    instances = [instance for reservation in reservations for instance in reservation["Instances"]]
    assert len(instances) == 3
    for instance in instances:
        assert [each["GroupId"] for each in instance["SecurityGroups"]] == [stack["EtcdSecurityGroup"]]
    (launch,) = autoscaling.describe_launch_configurations()["LaunchConfigurations"]
    assert launch["LaunchConfigurationName"] == group["LaunchConfigurationName"]
    assert launch["IamInstanceProfile"] == stack["AppServerInstanceProfile"]
    profile = aws.client("iam").get_instance_profile(InstanceProfileName=stack["AppServerInstanceProfile"])
    assert [role["RoleName"] for role in profile["InstanceProfile"]["Roles"]] == [stack["EtcdRole"]]


def test_peers_are_let_in_only_from_the_group_itself(aws, stack):
    (group,) = aws.client("ec2").describe_security_groups(GroupIds=[stack["EtcdSecurityGroup"]])["SecurityGroups"]
    rules = {
        (rule["IpProtocol"], rule["FromPort"], rule["ToPort"], source)
        for rule in group["IpPermissions"]
        for source in [each["CidrIp"] for each in rule["IpRanges"]] + [
            each["GroupId"] for each in rule["UserIdGroupPairs"]]
    }
    assert rules == {
        ("tcp", 2379, 2379, "172.31.0.0/16"), ("tcp", 2379, 2380, stack["EtcdSecurityGroup"]),
        ("tcp", 2382, 2382, stack["EtcdSecurityGroup"])}


def policies_of(aws, role):
    """The statements of the role's inline policies, as IAM has them."""
    iam = aws.client("iam")
    documents = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
                 for name in iam.list_role_policies(RoleName=role)["PolicyNames"]}
    # moto keeps those of a template as Python prints them, which YAML reads.
    return {name: (yaml.safe_load(each) if isinstance(each, str) else each)["Statement"]
            for name, each in documents.items()}


def test_the_role_may_complete_hooks_of_the_group_that_was_built(aws, stack):
    (group,) = aws.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    (statement,) = [each for each in policies_of(aws, stack["EtcdRole"])["etcd-cluster"]
                    if "autoscaling:CompleteLifecycleAction" in each["Action"]]
    assert fnmatchcase(group["AutoScalingGroupARN"], statement["Resource"])


def test_without_a_bucket_the_role_may_not_ask_for_one(aws, stack):
    assert set(policies_of(aws, stack["EtcdRole"])) == {"etcd-cluster"}


def test_a_bucket_is_told_to_the_container_and_opened_to_the_role(aws, stack):
    arguments = ("releasebucket", *ARGUMENTS[1:], "BackupBucket=etcd-backups")
    verdict = aws.senza("print", DEFINITION, *arguments)
    data = json.loads(verdict.stdout)["Resources"]["AppServerConfig"]["Properties"]["UserData"]["Fn::Base64"]
    assert yaml.safe_load(data)["environment"] == {
        "HOSTED_ZONE": ZONE, "ETCD_BACKUP_BUCKET": "etcd-backups", "ETCD_CLUSTER_METRICS_NAMESPACE": ""}
    cloudformation, name = aws.client("cloudformation"), "etcd-cluster-releasebucket"
    try:
        verdict = aws.senza("create", DEFINITION, *arguments)
        assert verdict.returncode == 0, verdict.stderr
        resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        (role,) = [each["PhysicalResourceId"] for each in resources if each.get("LogicalResourceId") == "EtcdRole"]
        statements = policies_of(aws, role)["etcd-cluster-bucket"]
    finally:
        cloudformation.delete_stack(StackName=name)
    listing, objects = statements
    assert listing["Resource"] == "arn:aws:s3:::etcd-backups"
    assert objects["Resource"] == [
        "arn:aws:s3:::etcd-backups/releasebucket.record", "arn:aws:s3:::etcd-backups/releasebucket/*"]


def hooks(template):
    return {name: each["Properties"] for name, each in template["Resources"].items()
            if each["Type"] == "AWS::AutoScaling::LifecycleHook"}


def test_there_is_one_hook_of_each_kind(template, taupage):
    """Of one of each kind etcd-cluster knows that it is its own; of two it does not, unless it is told the name."""
    kinds = sorted(each["LifecycleTransition"] for each in hooks(template).values())
    assert kinds == ["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"]
    assert "ETCD_CLUSTER_LIFECYCLE_HOOK" not in taupage["environment"]


def test_no_hook_holds_up_the_first_founding(template):  # F6
    group = template["Resources"]["AppServer"]
    # Hooks of the group's own would be there before its instances. Those that refer to it come after them.
    assert "LifecycleHookSpecificationList" not in group["Properties"]
    assert "DependsOn" not in group
    assert all(each["AutoScalingGroupName"] == {"Ref": "AppServer"} for each in hooks(template).values())


def test_a_hook_whose_time_is_up_terminates_no_member(template):
    assert {each["DefaultResult"] for each in hooks(template).values()} == {"CONTINUE"}


def test_a_drain_may_be_held_for_as_long_as_aws_allows(template):
    (leaving,) = [each for each in hooks(template).values() if each["LifecycleTransition"].endswith("TERMINATING")]
    # AWS ends it after a hundred times the heartbeat's timeout, or after two days.
    assert leaving["HeartbeatTimeout"] * 100 >= 48 * 3600


def test_nothing_but_ec2_judges_health(template):  # F43
    assert template["Resources"]["AppServer"]["Properties"]["HealthCheckType"] == "EC2"


def test_the_stack_waits_for_containers_and_not_for_a_quorum(template, taupage):  # F6
    signal = template["Resources"]["AppServer"]["CreationPolicy"]["ResourceSignal"]
    assert signal["Count"] == "3"
    assert taupage["notify_cfn"] == {"stack": "etcd-cluster-releaseetcd", "resource": "AppServer"}
    # With such a path, Taupage would signal only when etcd answers.
    assert not {"health_check_path", "healthcheck"} & taupage.keys()


def test_the_container_reaches_the_instances_metadata(template, taupage):  # F37
    options = template["Resources"]["AppServerConfig"]["Properties"]["MetadataOptions"]
    assert taupage["networking"] == "host" or options.get("HttpPutResponseHopLimit", 1) >= 2


def test_the_container_knows_its_zone(taupage):
    # What is set to nothing is not set.
    assert (taupage["source"], taupage["environment"]) == (IMAGE, {
        "HOSTED_ZONE": ZONE, "ETCD_BACKUP_BUCKET": "", "ETCD_CLUSTER_METRICS_NAMESPACE": ""})


def test_the_data_has_a_disk_that_outlives_the_container(template, taupage):
    dockerfile = (ROOT / "Dockerfile").read_text()
    volume = re.search(r"^VOLUME (\S+)$", dockerfile, re.MULTILINE).group(1)
    (directory,) = taupage["mounts"]
    assert directory == volume
    mount = taupage["mounts"][directory]
    disks = template["Resources"]["AppServerConfig"]["Properties"]["BlockDeviceMappings"]
    assert mount["partition"] in {disk["DeviceName"] for disk in disks}
    assert mount["erase_on_boot"] is False


def test_the_container_has_the_ports_of_the_image(taupage):
    dockerfile = (ROOT / "Dockerfile").read_text()
    exposed = re.search(r"^EXPOSE (.*)$", dockerfile, re.MULTILINE).group(1).split()
    assert taupage["ports"] == {int(port): int(port) for port in exposed}

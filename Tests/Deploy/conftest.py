"""What judges the deployables: real tools, and an AWS (moto) for the one that asks AWS questions.

`script/lib/judge-tools.sh` installs the tools. One that is missing fails its tests; nothing here is skipped for it.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

ROOT = Path(__file__).resolve().parents[2]
JUDGES = ROOT / ".build/judges"
REGION = "eu-west-1"
# What senza looks an image up by: a private one, backed by EBS, of this name.
TAUPAGE = {
    "ami_id": "ami-0123456789abcdef0",
    "name": "Taupage-AMI-20240101-000000",
    "architecture": "x86_64",
    "description": "stands for the image that senza looks for",
    "hypervisor": "xen",
    "image_location": "amazon/taupage",
    "image_type": "machine",
    "owner_id": "123456789012",
    "platform": None,
    "public": False,
    "root_device_name": "/dev/sda1",
    "root_device_type": "ebs",
    "sriov": "simple",
    "state": "available",
    "virtualization_type": "hvm",
}


def pytest_configure(config):
    # moto builds the group without senza's scaling policies and without our hooks: it knows neither in a template.
    for kind in ("ScalingPolicy", "LifecycleHook"):
        config.addinivalue_line("filterwarnings", f"ignore:Tried to parse AWS..AutoScaling..{kind}")


def run(*command, environment=None, timeout=120, **options):
    """Runs a tool to its end and answers with what it printed and how it exited."""
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=timeout, check=False,
        stdin=subprocess.DEVNULL, env=environment, **options)


def broken(text, old, new):
    """The text with one thing broken; the test would prove nothing if that thing were not there."""
    assert old in text, f"nothing to break: {old!r} is not in the file"
    return text.replace(old, new)


@dataclass
class AWS:
    """An AWS account as senza expects one, on loopback."""

    environment: dict

    def client(self, service):
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="testing", aws_secret_access_key="testing")

    def senza(self, *arguments):
        # --force leaves out senza's question to the Docker registry: is the image there?
        return run(JUDGES / "senza/bin/senza", *arguments, "--force", environment=self.environment)


@pytest.fixture(scope="session")
def aws(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    images = home / "images.json"
    images.write_text(json.dumps([TAUPAGE]))
    os.environ["MOTO_AMIS_PATH"] = str(images)
    # Only now: moto reads its images when it is imported.
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    account = AWS(environment={
        "PATH": os.environ["PATH"],
        # No configuration of whoever runs the tests.
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PYTHONWARNINGS": "ignore",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "NO_PROXY": "127.0.0.1",
    })
    account.client("iam").create_account_alias(AccountAlias="example-team")
    account.client("route53").create_hosted_zone(Name="elephant.example.org", CallerReference="tests")
    ec2 = account.client("ec2")
    for subnet in ec2.describe_subnets()["Subnets"]:
        name = {"Key": "Name", "Value": f"internal-{subnet['AvailabilityZone']}"}
        ec2.create_tags(Resources=[subnet["SubnetId"]], Tags=[name])
    yield account
    server.stop()

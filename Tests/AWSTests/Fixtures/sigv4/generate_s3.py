"""Writes botocore-s3.json: calls on objects as botocore's own client addresses them, with our headers, signed by botocore.

    pip install botocore==1.44.5 && python3 generate_s3.py > botocore-s3.json

The address (host, path, encoding of the key) is what the client of botocore is about to send the same call to. The
headers are those that we send with it: botocore's client adds many of its own.
"""

import base64
import datetime
import hashlib
import json
import random
from unittest import mock

import botocore.session
from botocore import auth, awsrequest, credentials
from botocore.config import Config

choose = random.Random(20240301)
ODD = ["a", "~", "-._~", " ", "+", "%", "%41", "/", "//", "/.", "/..", "/./", "/../", "=", "&", "?", "#", ";", ",", "*", "'",
       "\"", "(x)", "[1]", "{}", "@", "$", "!", "\\", "^", "`", "|", ":", "<>", "ü", "u\u0308", "日本", "😀", "a b  c", "\t", "\x01"]
REGIONS = ["eu-central-1", "ap-southeast-2", "cn-north-1", "us-gov-west-1"]  # not us-east-1, with its second host name
BUCKETS = ["main-backups", "abc", "my.dotted.bucket", "Old_Name", "x" * 63]
ETAG = '"70ee1738b6b21e2c8a43f3a5ab0eee71"'
SIGNATURE = ["X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-SHA256", "Authorization"]


class Caught(Exception):
    """Ends a call of botocore's client before anything is sent."""


def address(region, endpoint, operation, **parameters):
    client = botocore.session.get_session().create_client(
        "s3", region_name=region, endpoint_url=endpoint, aws_access_key_id="a", aws_secret_access_key="b",
        config=Config(s3={"addressing_style": "path"} if endpoint else {}))
    urls = []

    def catch(request, **_):
        urls.append(request.url)
        raise Caught

    client.meta.events.register("before-send.s3", catch)
    try:
        getattr(client, operation)(**parameters)
    except Caught:
        return urls[0]
    raise AssertionError("nothing was sent")


def call(bucket, key):
    """The operation's name for botocore and for us, its parameters, its method, our headers, and the body."""
    text = f"owner={key}".encode()
    kind = choose.choice(["get", "create", "swap", "delete", "delete-unchanged"])
    parameters = {"Bucket": bucket, "Key": key}
    if kind == "get":
        return kind, "get_object", parameters, "GET", {}, b""
    written = {"Content-Type": "application/octet-stream",
               "x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(text).digest()).decode()}
    if kind == "create":
        return kind, "put_object", {**parameters, "Body": text, "IfNoneMatch": "*"}, "PUT", \
            {**written, "If-None-Match": "*"}, text
    if kind == "swap":
        return kind, "put_object", {**parameters, "Body": text, "IfMatch": ETAG}, "PUT", \
            {**written, "If-Match": ETAG}, text
    if kind == "delete":
        return kind, "delete_object", parameters, "DELETE", {}, b""
    return kind, "delete_object", {**parameters, "IfMatch": ETAG}, "DELETE", {"If-Match": ETAG}, b""


def case(index):
    region, bucket = choose.choice(REGIONS), choose.choice(BUCKETS)
    endpoint = choose.choice([None, None, None, "http://127.0.0.1:5000"])
    key = "k" * choose.randint(0, 1) + "".join(choose.choice(ODD) for _ in range(choose.randint(1, 6)))
    kind, operation, parameters, method, headers, body = call(bucket, key)
    url = address(region, endpoint, operation, **parameters)
    now = datetime.datetime.fromtimestamp(choose.randrange(0, 4102444800), datetime.timezone.utc)
    token = "FwoG//token==" if choose.random() < 0.5 else None
    owner = credentials.Credentials(f"AKIA{index:016d}", f"secret/{index}", token)
    request = awsrequest.AWSRequest(method, url, data=body, headers=headers)
    with mock.patch.object(auth, "get_current_datetime", lambda: now):
        auth.S3SigV4Auth(owner, "s3", region).add_auth(request)
    return dict(name=f"{index} {kind}", kind=kind, region=region, endpoint=endpoint, bucket=bucket, key=key,
                etag=ETAG, body=body.decode(), url=url, accessKeyID=owner.access_key, secretAccessKey=owner.secret_key,
                sessionToken=token, secondsSince1970=int(now.timestamp()),
                addedHeaders=[[name, request.headers[name]] for name in SIGNATURE if name in request.headers])


print("[\n" + ",\n".join(json.dumps(case(index), ensure_ascii=False) for index in range(120)) + "\n]")

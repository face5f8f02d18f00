"""Writes botocore.json: requests as our operations build them, signed by botocore.

    pip install botocore==1.44.5 && python3 generate.py > botocore.json

The same seed gives the same cases; only an answer that changes with botocore's version would change the file.
"""

import datetime
import json
import random
from unittest import mock
from urllib.parse import quote, urlencode

from botocore import auth, awsrequest, credentials

choose = random.Random(20240229)
ODD = ["", "a", "~", "-._~", " ", "+", "%", "%41", "/", "//", ".", "..", "=", "&", "&amp;", "?", "#", ";", ",", "*", "'",
       "\"", "(x)", "[1]", "{}", "@", "$", "!", "\\", "^", "`", "|", "ü", "日本", "😀", "a b  c", "\t", "i-0abc", "KEY=v"]
REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-2", "cn-north-1", "us-gov-west-1"]


def odd(least=1, most=4):
    return "".join(choose.choice(ODD) for _ in range(choose.randint(least, most)))


def host(service, region):
    return choose.choice([f"https://{service}.{region}.amazonaws.com", f"https://{service}.{region}.amazonaws.com:443",
                          "http://localhost:5000", "http://127.77.0.1:80", "http://[::1]:8443", "https://vpce-1.example:8443"])


def query_protocol(service, region):
    fields = [("Action", odd(1, 2)), ("Version", "2016-11-15")]
    fields += [(f"Filter.{n}.Value.1", odd()) for n in range(choose.randint(0, 4))]
    headers = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
    return "POST", host(service, region) + choose.choice(["", "/"]), headers, urlencode(fields, quote_via=quote)


def query_string(least=0):
    pairs = [(odd(), odd(0, 3)) for _ in range(choose.randint(least, 4))]
    pairs += [(pairs[0][0], odd(0, 2))] if pairs else []
    text = "&".join(f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}" for key, value in pairs)
    return "?" + text if text else ""


def rest(service, region):
    path = "/2013-04-01/hostedzone/" + "/".join(quote(odd(), safe="") for _ in range(choose.randint(1, 3)))
    path += choose.choice(["", "/", "/rrset", "//rrset/./x/../"])
    if choose.random() < 0.5:
        return "GET", host(service, region) + path + query_string(1), [], ""
    headers = [("Content-Type", choose.choice(["application/xml", "text/xml;  charset=utf-8 "]))]
    return "POST", host(service, region) + path + query_string(), headers, f"<Value>{odd(0, 9)}</Value>"


def s3(service, region):
    path = "/bucket/" + quote(odd(1, 6), safe="/~")
    headers = [("X-Amz-Meta-Note", f"  {choose.choice(['a   b', 'x,y', 'q'])} ")] if choose.random() < 0.5 else []
    return choose.choice(["GET", "PUT", "HEAD", "DELETE"]), host(service, region) + path + query_string(), headers, odd(0, 9)


def case(index):
    service, build = choose.choice([("ec2", query_protocol), ("autoscaling", query_protocol), ("route53", rest), ("s3", s3)])
    region = choose.choice(REGIONS)
    method, url, headers, body = build(service, region)
    headers += [("User-Agent", "etcd-cluster"), ("Expect", "100-continue")] if choose.random() < 0.3 else []
    token = "FwoG" + odd(3, 9).replace("\t", "").strip() + "==" if choose.random() < 0.5 else None
    token = token.encode("ascii", "ignore").decode() if token else None
    key = credentials.Credentials(f"AKIA{index:016d}", "secret/" + odd(2, 6), token)
    now = datetime.datetime.fromtimestamp(choose.randrange(0, 4102444800), datetime.timezone.utc)
    unsigned = service == "s3" and url.startswith("https") and choose.random() < 0.3

    request = awsrequest.AWSRequest(method, url, data=body.encode(), headers=dict(headers))
    if unsigned:
        request.context["payload_signing_enabled"] = False
        request.headers["Content-MD5"] = "unsigned"  # botocore leaves the payload out only beside another checksum
    signer = (auth.S3SigV4Auth if service == "s3" else auth.SigV4Auth)(key, service, region)
    if unsigned:
        signer.headers_to_sign = lambda request, all=signer.headers_to_sign: without_checksum(all(request))
    with mock.patch.object(auth, "get_current_datetime", lambda: now):
        signer.add_auth(request)
    added = [[name, request.headers[name]] for name in
             ["X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-SHA256", "Authorization"] if name in request.headers]
    del request.headers["Authorization"]
    canonical = signer.canonical_request(request)
    return dict(name=f"{index} {service} {method}", method=method, url=url, headers=headers, body=body,
                accessKeyID=key.access_key, secretAccessKey=key.secret_key, sessionToken=token, region=region,
                service=service, unsignedPayload=unsigned, secondsSince1970=int(now.timestamp()),
                canonicalRequest=canonical, stringToSign=signer.string_to_sign(request, canonical), addedHeaders=added)


def without_checksum(headers):
    del headers["content-md5"]
    return headers


print("[\n" + ",\n".join(json.dumps(case(index), ensure_ascii=False) for index in range(200)) + "\n]")

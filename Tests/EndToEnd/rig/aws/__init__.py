"""AWS for the rig: moto in a process of its own behind a gate that checks what AWS checks.

    service    the rig's side: starting it, setting up, giving orders; `group` and `buckets` are parts of it
    values     what the rig says of it
    faults     what can go wrong, as values
    server     the process, forked from one that has moto loaded: two listeners
    gate       the judgement of each request: signature, permission, faults, record
    account    each permitted call carried out
    signature  SigV4 verified by botocore's arithmetic
    operation  which call a request is
    answers    errors in each service's own words
    listings   lists of instances: pages, and plausible wrong ones
    zones      Route 53's strictness
    objects    S3's
    backend    moto itself
    wire       answers as bytes, broken ones too
"""

from rig.aws.service import ALLOWED, AWS
from rig.aws.values import AccessKey, Call, Datum, Instance, LifecycleEvent, RecordSet

__all__ = ["ALLOWED", "AWS", "AccessKey", "Call", "Datum", "Instance", "LifecycleEvent", "RecordSet"]

"""Every permitted call carried out: by moto, and here where moto answers otherwise than AWS."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rig.aws import listings, objects, zones
from rig.aws.answers import Answer, RefusedBatch
from rig.aws.backend import Backend
from rig.aws.faults import Fault
from rig.aws.operation import Operation, Request


class Account:
    """What the calls act upon. `documents_batches`: a refused change batch comes as the documentation has it."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.documents_batches = False
        self._pager = listings.Pager()

    def perform(self, request: Request, operation: Operation, wrong: Sequence[Fault], caller: str,
                may: Callable[[str], bool]) -> Answer:
        """Carries out a call. `wrong` are the faults that falsify lists; `may` tells whether the caller may do an action.

        One lock is held throughout: what is checked is what changes.
        """
        with self.backend.lock:
            self.backend.scaling.pass_time()
            if operation.service == "s3":
                return objects.perform(request, operation, may, self.backend)
            if operation.service == "route53":
                return self._route53(request, operation)
            return (self._lists(request, operation, wrong, caller) or self.backend.scaling.act(operation)
                    or self.backend.perform(request))

    def check_region(self, request: Request, signed: str) -> None:
        """Refuses a call of a bucket in another region than the one that it was signed for."""
        with self.backend.lock:
            objects.check_region(request, signed, self.backend)

    def _lists(self, request: Request, operation: Operation, wrong: Sequence[Fault], caller: str) -> Answer | None:
        """The calls that list instances; None for all others."""
        def perform(body: bytes) -> Answer:
            return self.backend.perform(request, body)

        view = listings.View(wrong, caller)
        if operation.action == "ec2:DescribeInstances":
            return listings.describe_instances(operation, view, self._pager, perform)
        if operation.action == "autoscaling:DescribeAutoScalingInstances":
            return listings.describe_auto_scaling_instances(operation, view, self._pager, perform)
        if operation.action == "autoscaling:DescribeAutoScalingGroups":
            return listings.describe_auto_scaling_groups(operation, view, perform)
        return None

    def _route53(self, request: Request, operation: Operation) -> Answer:
        if operation.name == "ListHostedZonesByName":
            return zones.list_by_name(self.backend.hosted_zones(), operation.parameters.get("dnsname", ""),
                                      operation.parameters.get("hostedzoneid", ""),
                                      min(operation.integer("maxitems") or 100, 100))
        if operation.name == "ChangeResourceRecordSets":
            return self._change_records(request)
        return self.backend.perform(request)

    def _change_records(self, request: Request) -> Answer:
        """Carries out a change batch, or refuses it as AWS would."""
        changes = zones.read_batch(request.body)
        zone = self.backend.zone(request.path.split("/")[3])
        if zone is None:
            return self.backend.perform(request)  # moto knows how to refuse that
        try:
            after = zones.apply(changes, self.backend.records(zone), zones.normal_name(zone.name))
        except RefusedBatch as refusal:
            refusal.documented = self.documents_batches
            raise
        self.backend.set_records(zone, after.values())
        return zones.accepted()

"""The gate in front of moto: who calls, may they, what goes wrong, and a record of it all."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from rig.aws import answers
from rig.aws.account import Account
from rig.aws.answers import Answer, Refused
from rig.aws.backend import Backend
from rig.aws.faults import LIST_KINDS, Fault, Kind
from rig.aws.operation import Operation, Request, identify
from rig.aws.signature import Keyring, claimed_scope

RIG = "rig"
_REMEMBERED_CALLS = 200_000


@dataclass
class Call:
    """One call that came in, as it is remembered. `caller` is empty if the signature did not tell."""

    time: float
    caller: str
    action: str
    status: int = 0
    error: str = ""
    fault: str = ""


class ActiveFault:
    """An injected fault; lifting it also releases the calls that hang in it."""

    def __init__(self, identifier: int, fault: Fault) -> None:
        self.identifier, self.fault = identifier, fault
        self.lifted = threading.Event()
        self.struck = 0


@dataclass
class Outcome:
    """What the server is to send: an answer, and the fault to send it with."""

    answer: Answer | None
    fault: ActiveFault | None = None


class Gate:
    """Takes every request to AWS. Thread-safe."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.account = Account(backend)
        self.keyring = Keyring()
        self.allowed: set[str] = set()
        self.calls: deque[Call] = deque(maxlen=_REMEMBERED_CALLS)
        self._faults: list[ActiveFault] = []
        self._next_fault = 0
        self._lock = threading.Lock()

    def inject(self, fault: Fault) -> int:
        """Lets a fault strike from now on; answers its number."""
        with self._lock:
            self._next_fault += 1
            self._faults.append(ActiveFault(self._next_fault, fault))
            return self._next_fault

    def lift(self, identifier: int | None = None) -> int:
        """Ends one fault, or all; answers how many calls the ended ones struck."""
        with self._lock:
            ended = [one for one in self._faults if identifier in (None, one.identifier)]
            self._faults = [one for one in self._faults if one not in ended]
        for one in ended:
            one.lifted.set()
        return sum(one.struck for one in ended)

    def handle(self, request: Request) -> Outcome:
        """Judges a request and, unless something forbids it, carries it out."""
        scope = claimed_scope(request)
        service = scope.service if scope else "unknown"
        operation = identify(request, service)
        call = Call(time.time(), "", operation.action)
        self.calls.append(call)
        try:
            call.caller = self.keyring.verify(request, scope).caller
            if not self._may(call.caller, operation.permission):
                raise answers.forbidden(service, call.caller, operation.permission)
            if service == "s3" and scope and call.caller != RIG:
                self.account.check_region(request, scope.region)
            outcome = self._carry_out(request, operation, call)
        except Refused as refusal:
            outcome = Outcome(answers.error_answer(service, refusal))
        if outcome.answer:
            call.status, call.error = outcome.answer.status, outcome.answer.error
        return outcome

    def _carry_out(self, request: Request, operation: Operation, call: Call) -> Outcome:
        faults = [] if call.caller == RIG else self._strike(call, request.target)
        for late in faults:
            if late.fault.kind is Kind.LATENCY:
                late.lifted.wait(late.fault.seconds)
        wrong = [one.fault for one in faults if one.fault.kind in LIST_KINDS]

        def perform() -> Answer:
            return self._perform(request, operation, wrong, call.caller)

        active = next((one for one in faults if one.fault.kind not in (Kind.LATENCY, *LIST_KINDS)), None)
        if active is None:
            return Outcome(perform())
        fault = active.fault
        if fault.kind is Kind.HANG and not fault.performed:
            active.lifted.wait()
            return Outcome(perform())
        answer = None
        if fault.performed or fault.kind in (Kind.TRUNCATED, Kind.CUT, Kind.HUGE):
            answer = perform()
        if fault.kind is Kind.HANG:
            active.lifted.wait()
        return Outcome(_wrong_answer(fault, operation, call.caller) or answer, active)

    def _strike(self, call: Call, target: str) -> list[ActiveFault]:
        """The faults that meet this call, counted; those that have struck often enough are gone afterwards."""
        with self._lock:
            struck = [one for one in self._faults if one.fault.matches(call.caller, call.action, target)]
            for one in struck:
                one.struck += 1
                if one.fault.times and one.struck >= one.fault.times:
                    self._faults.remove(one)
        call.fault = ",".join(one.fault.kind.value for one in struck)
        return struck

    def _perform(self, request: Request, operation: Operation, wrong: Sequence[Fault], caller: str) -> Answer:
        return self.account.perform(request, operation, wrong, caller, lambda action: self._may(caller, action))

    def _may(self, caller: str, action: str) -> bool:
        return caller == RIG or action in self.allowed


def _wrong_answer(fault: Fault, operation: Operation, caller: str) -> Answer | None:
    """What the fault has to say instead of the right answer; None if it only breaks that one, or says nothing."""
    if fault.kind is Kind.STATUS:
        return Answer(fault.status, b"<html><body>upstream is not available</body></html>",
                      [("Content-Type", "text/html")], str(fault.status))
    if fault.kind is Kind.REFUSAL:
        return answers.error_answer(operation.service, Refused(fault.code, fault.message, fault.status))
    if fault.kind is Kind.DENIED:
        return answers.error_answer(
            operation.service, answers.forbidden(operation.service, caller, operation.permission))
    if fault.kind is Kind.GARBAGE:
        return Answer(200, b"<!DOCTYPE html><title>Welcome to the network</title>", [("Content-Type", "text/html")])
    return None

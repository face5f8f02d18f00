"""The process that is AWS: two listeners, in a process that `python -m rig.aws.server` forks (see `rig.nursery`).

One answers as AWS. The other, on 127.0.0.1, takes the rig's orders: POST /METHOD with a JSON object of arguments and a
secret in the header `X-Rig-Secret`; it answers JSON.
"""

from __future__ import annotations

import json
import socketserver
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any

from moto.moto_api._internal import mock_random

from rig.aws import answers, wire, zones
from rig.aws.answers import Refused
from rig.aws.backend import Backend
from rig.aws.buckets import REGION
from rig.aws.faults import Fault
from rig.aws.gate import Gate
from rig.aws.operation import Request
from rig.aws.signature import Key
from rig.nursery import fork_for_ever


class Listener(socketserver.ThreadingTCPServer):
    """A TCP server with a thread for each connection. Not http.server's: that one asks DNS for its own name."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, handler: type[BaseHTTPRequestHandler], address: str = "127.0.0.1") -> None:
        self.to_reset: set[int] = set()
        super().__init__((address, 0), handler)

    @property
    def port(self) -> int:
        return self.server_address[1]

    def shutdown_request(self, request: Any) -> None:
        """Ends a connection; one that is to be reset must not say goodbye by a FIN first."""
        if request.fileno() in self.to_reset:
            self.to_reset.discard(request.fileno())
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is the client's business; anything else is shown."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Reads requests whole and logs nothing: the gate keeps the record."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        pass

    def read_request(self) -> Request:
        length = int(self.headers.get("Content-Length") or 0)
        return Request(self.command, self.path, list(self.headers.items()), self.rfile.read(length))


def aws_handler(gate: Gate) -> type[Handler]:
    """The handler of the listener that answers as AWS."""

    class AWSHandler(Handler):
        def answer(self) -> None:
            request = self.read_request()
            date = format_datetime(gate.keyring.now().replace(microsecond=0), usegmt=True)
            try:
                outcome = gate.handle(request)
            except Exception as error:  # a defect of the rig or of moto: say so loudly, to the client as AWS would
                print(f"rig: {request.method} {request.target} {request.body[:500]!r}: {error!r}", file=sys.stderr, flush=True)
                wire.send(self, answers.error_answer("autoscaling", Refused("InternalFailure", repr(error), 500)), date)
                raise
            if outcome.fault:
                wire.send_broken(self, outcome.answer, outcome.fault.fault, date)
            elif outcome.answer:
                wire.send(self, outcome.answer, date)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

    return AWSHandler


class Control:
    """The rig's orders, a method for each. Arguments and answers are JSON values."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def add_key(self, **key: Any) -> None:
        self._gate.keyring.add(Key(**key))

    def expire(self, caller: str, spared: str) -> int:
        return self._gate.keyring.expire(caller, spared)

    def allow(self, actions: list[str]) -> None:
        self._gate.allowed = set(actions)

    def inject(self, fault: dict) -> int:
        return self._gate.inject(Fault.from_json(fault))

    def lift(self, identifier: int | None = None) -> int:
        return self._gate.lift(identifier)

    def set_clock(self, offset: float) -> None:
        self._gate.keyring.clock_offset = offset

    def calls(self) -> list[dict]:
        return [asdict(call) for call in list(self._gate.calls)]

    def document_batches(self, documented: bool) -> None:
        self._gate.account.documents_batches = documented

    def forget_calls(self) -> None:
        self._gate.calls.clear()

    def instances(self) -> list[dict]:
        with self._gate.backend.lock:
            return self._gate.backend.instances()

    def set_instance_state(self, instance_id: str, name: str) -> None:
        with self._gate.backend.lock:
            self._gate.backend.set_instance_state(instance_id, name)

    def set_lifecycle_state(self, instance_id: str, name: str) -> None:
        with self._gate.backend.lock:
            self._gate.backend.set_lifecycle_state(instance_id, name)

    def free_address(self, instance_id: str) -> None:
        with self._gate.backend.lock:
            self._gate.backend.free_address(instance_id)

    def set_surplus(self, group: str, count: int) -> None:
        with self._gate.backend.lock:
            self._gate.backend.scaling.surplus(group, count)

    def retire(self, instance_id: str) -> None:
        with self._gate.backend.lock:
            self._gate.backend.scaling.retire(instance_id)

    def replace_late(self, late: bool) -> None:
        self._gate.backend.scaling.replaces_late = late

    def lifecycle_events(self) -> list[dict]:
        with self._gate.backend.lock:
            self._gate.backend.scaling.pass_time()
            return [asdict(one) for one in self._gate.backend.scaling.hooks.events]

    def records(self, zone_id: str) -> list[dict]:
        with self._gate.backend.lock:
            zone = self._gate.backend.zone(zone_id)
            if zone is None:
                raise LookupError(f"no zone {zone_id}")
            found = sorted(self._gate.backend.records(zone), key=lambda one: (zones.reversed_labels(one.name), one.type))
            return [asdict(one) for one in found]

    def rot(self, **what: Any) -> None:
        with self._gate.backend.lock:
            self._gate.backend.rot(**what)

    def uploads(self, bucket: str) -> list[str]:
        with self._gate.backend.lock:
            return self._gate.backend.uploads(bucket)

    def metrics(self) -> list[dict]:
        with self._gate.backend.lock:
            return self._gate.backend.metrics()

    def zone_changes(self) -> int:
        return self._gate.backend.zone_changes


def control_handler(control: Control, secret: str) -> type[Handler]:
    """The handler of the listener for the rig's orders."""

    class ControlHandler(Handler):
        def do_POST(self) -> None:
            request = self.read_request()
            name = request.path.strip("/")
            if request.header("x-rig-secret") != secret or name.startswith("_") or not hasattr(control, name):
                self.reply(404, {"error": f"no order {name}"})
                return
            try:
                self.reply(200, {"result": getattr(control, name)(**json.loads(request.body or b"{}"))})
            except Exception as error:  # told to the rig, which raises it there
                self.reply(500, {"error": f"{name}: {error!r}"})

        def reply(self, status: int, value: dict) -> None:
            body = json.dumps(value).encode()
            head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)

    return ControlHandler


def serve(backend: Backend, ready: Callable[[Any], None], address: str, secret: str) -> None:
    """Listens on `address` as AWS, and for who knows the secret, until the process ends; tells both ports when it does."""
    mock_random.seed()  # moto's IDs are made of it, and would be the same in every account
    gate = Gate(backend)
    aws = Listener(aws_handler(gate), address)
    control = Listener(control_handler(Control(gate), secret))
    threading.Thread(target=control.serve_forever, daemon=True).start()
    ready({"aws": aws.port, "control": control.port})
    aws.serve_forever()


if __name__ == "__main__":
    loaded = Backend(REGION)
    loaded.load()
    fork_for_ever(partial(serve, loaded))

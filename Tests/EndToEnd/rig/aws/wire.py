"""Answers on the wire, right ones and broken ones, each exactly as the fault wants it."""

from __future__ import annotations

import socket
import struct
from http.server import BaseHTTPRequestHandler

from rig.aws.answers import Answer
from rig.aws.faults import Fault, Kind

_CHUNK = 64 * 1024


def send(handler: BaseHTTPRequestHandler, answer: Answer, date: str, keep: bool = True) -> None:
    """Sends a whole answer in one segment: header and body apart would meet Nagle and delayed acknowledgements."""
    if handler.command == "HEAD":  # the answer says how long a body would be, and has none
        known = any(name.lower() == "content-length" for name, _ in answer.headers)
        handler.wfile.write(_head(answer, date, [] if known else [("Content-Length", "0")], keep))
        return
    handler.wfile.write(_head(answer, date, [("Content-Length", str(len(answer.body)))], keep) + answer.body)


def send_broken(handler: BaseHTTPRequestHandler, answer: Answer | None, fault: Fault, date: str) -> None:
    """Sends what is left of an answer after the fault. The connection ends with it, except after a truncated answer."""
    if fault.kind is Kind.RESET or answer is None:
        reset(handler)
    elif fault.kind is Kind.TRUNCATED:
        send(handler, Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers), date)
    elif fault.kind is Kind.CUT:
        head = _head(answer, date, [("Content-Length", str(len(answer.body)))], False)
        handler.wfile.write(head + answer.body[: len(answer.body) // 2])
        handler.close_connection = True
    elif fault.kind is Kind.HUGE:
        _send_huge(handler, answer, fault.count, date)
        handler.close_connection = True
    else:
        send(handler, answer, date)


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Ends the connection by RST: closing a socket that lingers for zero seconds sends one instead of a FIN."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.server.to_reset.add(handler.connection.fileno())  # type: ignore[attr-defined]


def _send_huge(handler: BaseHTTPRequestHandler, answer: Answer, count: int, date: str) -> None:
    """A well-formed answer of more than `count` bytes, chunked, so that no header gives it away beforehand."""
    body = answer.body.rstrip()
    end = body.rfind(b"</")
    padding = b"<padding>" + b"x" * (_CHUNK - 19) + b"</padding>"
    handler.wfile.write(_head(answer, date, [("Transfer-Encoding", "chunked")], False))
    _chunk(handler, body[:end])
    for _ in range(count // len(padding) + 1):
        _chunk(handler, padding)
    _chunk(handler, body[end:])
    handler.wfile.write(b"0\r\n\r\n")


def _chunk(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.wfile.write(b"%x\r\n" % len(data) + data + b"\r\n")


def _head(answer: Answer, date: str, framing: list[tuple[str, str]], keep: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {'OK' if answer.status < 300 else 'Error'}", f"Date: {date}"]
    lines += [f"{name}: {value}" for name, value in answer.headers + framing]
    if not keep:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

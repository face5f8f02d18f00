"""A bucket on this machine's disk, for objects that are too large for moto, which holds them in memory.

It speaks as much of S3's language as backups need, checks no signature, no checksum and no permission. No transfer is faster than
a network would let it be, and `received` and `sent` are the seconds in which bytes went one way and the other.
"""

from __future__ import annotations

import os
import socketserver
import threading
import time
import uuid
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

_PIECE = 1 << 20
_SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


@dataclass
class Kept:
    """An object: where it lies, its mark, and its checksum as S3 tells it."""

    path: Path
    etag: str
    checksum: str


@dataclass
class Begun:
    """An upload in parts, which have to come in order."""

    path: Path
    checksums: list[str] = field(default_factory=list)


class DiskStore:
    """Listens on `address`, keeps everything under `directory`; a context manager.

    `rate` is how many bytes a second a transfer may have. Without it a transfer on one machine is faster than its disk, and what
    the disk still has to do then falls on whatever comes next."""

    def __init__(self, directory: Path, rate: float, address: str = "127.0.0.1") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.rate = rate
        self.objects: dict[str, Kept] = {}
        self.begun: dict[str, Begun] = {}
        self.received, self.sent = 0.0, 0.0
        self.lock = threading.Lock()
        self._server = _Server((address, 0), _handler(self))
        self.endpoint = f"http://{address}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> DiskStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forget_times(self) -> None:
        self.received, self.sent = 0.0, 0.0

    def leave_memory(self) -> None:
        """Nothing of what it keeps is in this machine's memory any more."""
        for kept in list(self.objects.values()):
            with kept.path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def new_path(self) -> Path:
        return self.directory / uuid.uuid4().hex


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def _handler(store: DiskStore) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

        def do_HEAD(self) -> None:
            kept = store.objects.get(self._key())
            if kept is None:
                self._answer(404)
                return
            self._head(200, {"Content-Length": str(kept.path.stat().st_size), **self._marks(kept)})

        def do_GET(self) -> None:
            if "list-type" in self._query():
                self._list()
                return
            kept = store.objects.get(self._key())
            if kept is None:
                self._error(404, "NoSuchKey")
                return
            size = kept.path.stat().st_size
            first, last = 0, size - 1
            wanted = self.headers.get("Range")
            if wanted:
                first, last = (int(one) for one in wanted.removeprefix("bytes=").split("-"))
                last = min(last, size - 1)
            marks = {"Content-Length": str(last - first + 1), **self._marks(kept)}
            if wanted:
                marks["Content-Range"] = f"bytes {first}-{last}/{size}"
            self._head(206 if wanted else 200, marks)
            self._send(kept.path, first, last - first + 1)

        def do_PUT(self) -> None:
            query, key = self._query(), self._key()
            checksum = self.headers.get("x-amz-checksum-sha256", "")
            if "partNumber" in query:
                begun = store.begun[query["uploadId"][0]]
                if int(query["partNumber"][0]) != len(begun.checksums) + 1:
                    raise RuntimeError("a part out of order")
                self._receive(begun.path, "ab")
                begun.checksums.append(checksum)
                self._answer(200, headers={"ETag": '"part"'})
                return
            path = store.new_path()
            self._receive(path, "wb")
            if self.headers.get("If-None-Match") and key in store.objects:
                self._error(412, "PreconditionFailed")
                return
            store.objects[key] = Kept(path, f'"{uuid.uuid4().hex}"', checksum)
            self._answer(200, headers={"ETag": store.objects[key].etag})

        def do_POST(self) -> None:
            query, key = self._query(), self._key()
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if "uploads" in query:
                identifier = uuid.uuid4().hex
                store.begun[identifier] = Begun(store.new_path())
                self._answer(200, f"<InitiateMultipartUploadResult xmlns='{_SPACE}'><UploadId>{identifier}</UploadId>"
                                  "</InitiateMultipartUploadResult>")
                return
            begun = store.begun.pop(query["uploadId"][0])
            count = len(ElementTree.fromstring(body).findall("{*}Part"))
            store.objects[key] = Kept(begun.path, f'"{uuid.uuid4().hex}-{count}"', "")
            self._answer(200, f"<CompleteMultipartUploadResult xmlns='{_SPACE}'><ETag>{escape(store.objects[key].etag)}</ETag>"
                              "</CompleteMultipartUploadResult>")

        def do_DELETE(self) -> None:
            kept = store.objects.pop(self._key(), None)
            if kept:
                kept.path.unlink(missing_ok=True)
            self._answer(204)

        # Bytes

        def _receive(self, path: Path, mode: str) -> None:
            left = int(self.headers.get("Content-Length") or 0)
            began = time.monotonic()
            with open(path, mode) as file:
                start = file.tell()
                while left:
                    piece = self.rfile.read(min(left, _PIECE))
                    if not piece:
                        raise ConnectionError("the client went away")
                    file.write(piece)
                    left -= len(piece)
                    self._pace(began, file.tell() - start)
            with store.lock:
                store.received += time.monotonic() - began

        def _send(self, path: Path, offset: int, count: int) -> None:
            began, start = time.monotonic(), offset
            self.wfile.flush()
            with open(path, "rb") as file:
                while count:
                    done = os.sendfile(self.connection.fileno(), file.fileno(), offset, min(count, _PIECE))
                    offset, count = offset + done, count - done
                    # The real one takes none of this machine's memory, not even for a while.
                    os.posix_fadvise(file.fileno(), start, offset - start, os.POSIX_FADV_DONTNEED)
                    self._pace(began, offset - start)
            with store.lock:
                store.sent += time.monotonic() - began

        def _pace(self, began: float, moved: int) -> None:
            early = moved / store.rate - (time.monotonic() - began)
            if early > 0:
                time.sleep(early)

        # Answers

        def _list(self) -> None:
            prefix = self._query().get("prefix", [""])[0]
            found = sorted(key for key in store.objects if key.startswith(prefix))
            items = "".join(
                f"<Contents><Key>{escape(quote(key))}</Key><Size>{store.objects[key].path.stat().st_size}</Size>"
                "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>" for key in found)
            self._answer(200, f"<ListBucketResult xmlns='{_SPACE}'><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
                              f"{items}</ListBucketResult>")

        def _error(self, status: int, code: str) -> None:
            self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>")

        def _answer(self, status: int, body: str = "", headers: dict[str, str] | None = None) -> None:
            content = body.encode()
            self._head(status, {"Content-Length": str(len(content)), **(headers or {})})
            self.wfile.write(content)

        def _head(self, status: int, headers: dict[str, str]) -> None:
            lines = [f"HTTP/1.1 {status} X", f"Date: {formatdate(usegmt=True)}", "Content-Type: application/xml",
                     f"x-amz-request-id: {uuid.uuid4().hex}", *(f"{name}: {value}" for name, value in headers.items())]
            self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode())

        def _marks(self, kept: Kept) -> dict[str, str]:
            return {"ETag": kept.etag, **({"x-amz-checksum-sha256": kept.checksum} if kept.checksum else {})}

        def _key(self) -> str:
            return unquote(self.path.partition("?")[0]).lstrip("/").partition("/")[2]

        def _query(self) -> dict[str, list[str]]:
            return parse_qs(self.path.partition("?")[2], keep_blank_values=True)

    return Handler

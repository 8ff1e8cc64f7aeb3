"""A small client of the contract, on the standard library alone.

It sends bytes as they are, so that a test can send what no well-behaved client would, and it
opens one connection a request, so that tests stay independent of one another.
"""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

SOCKET_TIMEOUT_SECONDS = 120.0
"""Only a guard against a hung service: no test measures time."""


@dataclass(frozen=True)
class Response:
    """One HTTP answer: its status, its headers (names in lower case) and its body."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def text(self) -> str:
        """The body, which has to be UTF-8."""
        return self.raw.decode("utf-8", "strict")

    @property
    def body(self) -> dict[str, Any]:
        """The body, which has to be a JSON object."""
        parsed = json.loads(self.text)
        assert isinstance(parsed, dict), f"not a JSON object: {self.text[:200]}"
        return parsed


@dataclass(frozen=True)
class Answer:
    """The answer to a valid task."""

    stdout: str
    stderr: str
    ret_val: str
    status: str
    exit_code: int | None
    error: str | None
    metadata: dict[str, Any]
    raw: dict[str, Any]


class Run(Protocol):
    """What the fixture `run` is: runs code, checks the shape of the answer and returns it."""

    def __call__(self, code: str, language: str = "python", **fields: object) -> Answer:
        """Run one task."""
        ...


class Client:
    """Speaks to one service."""

    def __init__(self, url: str) -> None:
        """Take the address of the service, with or without a path."""
        parts = urlsplit(url)
        assert parts.hostname, f"no host in {url!r}"
        self.url = url.rstrip("/")
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._secure else 80)
        self._prefix = parts.path.rstrip("/")

    def _connection(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        return kind(self._host, self._port, timeout=SOCKET_TIMEOUT_SECONDS)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Send one request as it is, an iterator in chunks, and read its answer to the end."""
        connection = self._connection()
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused before it was all sent
                connection.request(
                    method,
                    self._prefix + path,
                    body=body,
                    headers=headers or {},
                    encode_chunked=not isinstance(body, bytes),
                )
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Response(status=answer.status, headers=names, raw=answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Response:
        """Send a GET request."""
        return self.request("GET", path)

    def post_bytes(self, body: bytes, content_type: str | None = "application/json") -> Response:
        """Send these very bytes to /run_code."""
        headers = {} if content_type is None else {"Content-Type": content_type}
        return self.request("POST", "/run_code", body, headers)

    def post(self, payload: object) -> Response:
        """Send a value to /run_code as JSON."""
        return self.post_bytes(json.dumps(payload, ensure_ascii=False).encode())

    def run_code(self, code: str, language: str = "python", **fields: object) -> Response:
        """Send a task to /run_code, without a look at the answer."""
        return self.post({"language": language, "code": code, **fields})

    def lines(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Iterator[str]:
        """Send one request and give its answer's lines as they come."""
        connection = self._connection()
        try:
            connection.request(method, self._prefix + path, body=body, headers=headers)
            for line in connection.getresponse():
                yield line.decode().rstrip("\n")
        finally:
            connection.close()

    def hang_up_on(self, payload: object, headers: dict[str, str] | None = None) -> None:
        """Send a task to /run_code and close the connection before its answer."""
        body = json.dumps(payload).encode()
        connection = self._connection()
        connection.request(
            "POST", self._prefix + "/run_code", body, {"Content-Type": "application/json"} | (headers or {})
        )
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()

"""Bounds on what clients may do before their request is one: connections, size of the head, time to send it.

The server itself waits for ever for a head that never ends and for a body that trickles.
"""

import asyncio
import json
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 32 * 1024
"""Request line and headers."""
HEAD_SECONDS = 10.0
BODY_SECONDS = 10.0
"""From the head to the body's end; the application answers a body that takes longer."""
_GRACE_SECONDS = 5.0
_UNREAD_MILLISECONDS = 30_000
"""How long a client may leave an answer unread."""
_REASONS = {408: "Request Timeout", 431: "Request Header Fields Too Large", 503: "Service Unavailable"}


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    max_connections = 1024
    """Of the whole server; a subclass sets it."""

    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or refuse it where there are too many."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MILLISECONDS)
        if len(self.connections) > self.max_connections:
            self._refuse(503, "Too many connections")
        else:
            self._arm(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            self._check_head(self._head_bytes)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._in_head, self._head_bytes = True, 0
        self._arm(HEAD_SECONDS)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End a head."""
        self._in_head = False
        if self._check_head(len(self.url) + sum(len(name) + len(value) for name, value in self.headers)):
            self._arm(BODY_SECONDS + _GRACE_SECONDS)
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body in."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._disarm()
        if not self.transport.is_closing():
            super().on_message_complete()

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, self._late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        if self._in_head and self._head_bytes:
            self._refuse(408, "The request did not come in time")
        else:
            self.transport.close()

    def _check_head(self, size: int) -> bool:
        if size <= MAX_HEAD_BYTES:
            return True
        self._refuse(431, f"The request's head is larger than {MAX_HEAD_BYTES} bytes")
        return False

    def _refuse(self, status: int, error: str) -> None:
        """Answer outside of the application, and close."""
        if self.transport.is_closing():
            return
        body = json.dumps({"error": error}).encode()
        fields: dict[str, Any] = {
            "content-type": "application/json",
            "content-length": len(body),
            "cache-control": "no-store",
            "connection": "close",
        } | ({"retry-after": 1} if status == 503 else {})  # noqa: PLR2004 -- the status that asks for another try
        head = f"HTTP/1.1 {status} {_REASONS[status]}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items())
        self.transport.write(head.encode() + b"\r\n" + body)
        self.transport.close()


def bounded_protocol(max_connections: int) -> type[BoundedProtocol]:
    """The protocol of a server that has at most so many connections at once."""
    return type("BoundedProtocol", (BoundedProtocol,), {"max_connections": max_connections})

"""Hostile clients: what they send before a request is one, and what they leave undone."""

import gzip
import json
import socket
import struct
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.service import Service

HEADERS = [
    "Content-Length: 40",
    "Transfer-Encoding: chunked",
    "Expect: 100-continue",
    "X:\x7f",
    "Upgrade: websocket",
    "Connection: upgrade",
    "Content-Type: text/plain",
    "Authorization: Bearer x",
]
TASK = json.dumps({"language": "javascript", "code": "1 + 1"}).encode()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service that has to serve after each of these."""
    with Service(FAAS_WORKER_COUNT="2", FAAS_QUEUE_SIZE="4") as one:
        yield one


@pytest.fixture(autouse=True)
def serves_afterwards(service: Service) -> Iterator[None]:
    """Whatever a client did, the next one is served."""
    yield
    assert service.run("1 + 1")[1]["output"]["ret_val"] == "2"


def raw(service: Service, *parts: bytes) -> bytes:
    """Send bytes, and return all that comes until the service closes or answers whole."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as client:
        try:
            for part in parts:
                client.sendall(part)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # Refused already: the answer may still be there.
        return received(client)


def received(client: socket.socket) -> bytes:
    """All bytes until the end."""
    answer = b""
    try:
        while chunk := client.recv(65536):
            answer += chunk
    except ConnectionResetError:
        pass
    return answer


def head(*lines: str, method: str = "POST", path: str = "/run_code") -> bytes:
    """A request's head."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", *lines, "", ""]).encode()


def status(answer: bytes) -> int:
    """The status of a raw answer."""
    assert answer.startswith(b"HTTP/1.1 "), answer[:100]
    return int(answer[9:12])


def test_062_a_head_that_is_too_large_is_refused(service: Service) -> None:
    """In one piece, in many, as one header or as thousands, and as a path."""
    assert status(raw(service, head(f"X: {'x' * 40_000}"))) == 431
    assert status(raw(service, head(*(f"X-{n}: {n}" for n in range(5000))))) == 431
    assert status(raw(service, head(path="/" + "x" * 40_000))) in {400, 431}
    assert status(raw(service, b"POST /run_code HTTP/1.1\r\nX: ", *[b"x" * 1000] * 200)) == 431


def test_062_a_head_that_never_ends_is_cut(service: Service) -> None:
    """One byte, then nothing; the service does not wait for ever."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as client:
        client.sendall(b"POST /run_code HTTP/1.1\r\nHost")
        assert status(received(client)) == 408


def test_a_connection_that_says_nothing_is_closed(service: Service) -> None:
    """Without an answer: nothing was asked."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as client:
        assert received(client) == b""


def test_062_a_body_that_never_ends_is_cut(service: Service) -> None:
    """It is answered, and the connection is closed."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as client:
        client.sendall(head(f"Content-Length: {len(TASK)}") + TASK[:-1])
        answer = received(client)
    assert status(answer) == 408
    assert b"Request body too slow" in answer


def test_connections_are_bounded(service: Service) -> None:
    """Those above the bound are refused at once, and those below it go on being served."""
    clients = [socket.create_connection(("127.0.0.1", service.port), timeout=60) for _ in range(300)]
    try:
        refused = [client for client in clients[-20:] if b"Too many connections" in client.recv(1000)]
        assert len(refused) == 20
        clients[0].sendall(head(f"Content-Length: {len(TASK)}") + TASK)
        assert status(received(clients[0])) == 200
    finally:
        for client in clients:
            client.close()
    deadline = time.monotonic() + 60
    while service.get("/livez")[0] != 200:
        assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("lines", "body", "expected"),
    [
        (["Content-Length: 100000000"], b"x", 413),
        (["Content-Length: -1"], b"", 400),
        (["Content-Length: abc"], b"", 400),
        (["Content-Length: 99999999999999999999999"], b"", 400),
        (["Content-Length: 1", "Content-Length: 2"], b"xx", 400),
        (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n", 400),
        (["Transfer-Encoding: chunked"], b"zz\r\n", 400),
        (["Transfer-Encoding: chunked"], b"0\r\n\r\n", 400),
        (["Transfer-Encoding: gzip, chunked"], b"0\r\n\r\n", 400),
        ([], b"", 400),
        (["Content-Length: 0"], b"", 400),
        (["Content-Encoding: gzip", f"Content-Length: {len(gzip.compress(TASK))}"], gzip.compress(TASK), 400),
        (["X\0: 1"], b"", 400),
        (["no colon"], b"", 400),
    ],
)
def test_062_bodies_that_lie_about_themselves(service: Service, lines: list[str], body: bytes, expected: int) -> None:
    """Wrong lengths, two lengths, compressed, chunked without chunks."""
    assert status(raw(service, head(*lines), body)) == expected


def test_a_body_in_chunks_is_bounded(service: Service) -> None:
    """Its length is not told beforehand."""
    chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
    assert status(raw(service, head("Transfer-Encoding: chunked"), *[chunk] * 100)) == 413


@pytest.mark.parametrize(
    "text",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET\r\n\r\n",
        b"\r\n" * 100,
        b"\0" * 1000,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ],
)
def test_what_is_no_request(service: Service, text: bytes) -> None:
    """Closed, with 400 or without an answer, and never with a 500."""
    answer = raw(service, text)
    assert answer == b"" or status(answer) in {400, 404, 505}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.sampled_from(HEADERS), max_size=4),
    body=st.binary(max_size=60),
    cut=st.integers(0, 200),
)
def test_any_bytes_behind_any_head(service: Service, lines: list[str], body: bytes, cut: int) -> None:
    """No 500, and always an end."""
    answer = raw(service, (head(*lines) + body)[:cut])
    assert answer == b"" or status(answer) in {100, 400, 408, 413}


def test_clients_that_break_off_leave_nothing(service: Service) -> None:
    """With a reset, in the middle of anything."""
    before = service.descriptors()
    whole = head(f"Content-Length: {len(TASK)}") + TASK
    for end in range(0, len(whole) + 1, 3):
        with socket.create_connection(("127.0.0.1", service.port), timeout=60) as client:
            client.sendall(whole[:end])
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    deadline = time.monotonic() + 60
    while service.descriptors() > before + 12:
        assert time.monotonic() < deadline, "connections are left open"
        time.sleep(0.05)


def test_headers_of_every_answer(service: Service) -> None:
    """Not stored, not sniffed, not shared with other origins, and silent about the server."""
    for answer in (raw(service, head("Content-Length: 2"), b"{}"), raw(service, head(method="GET", path="/health"))):
        text = answer.split(b"\r\n\r\n")[0].lower()
        assert b"cache-control: no-store" in text
        assert b"x-content-type-options: nosniff" in text
        assert b"access-control" not in text
        assert b"server:" not in text

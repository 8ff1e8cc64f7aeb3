"""The request as bytes: what is JSON to the service, what is not, and routes that do not exist."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from .shape import check_refusal, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .client import Client

MIB = 1024 * 1024
DEEP = 100_000
VALID = b'{"language": "python", "code": "1 + 1"}'


def task(extra: bytes) -> bytes:
    """Return a valid task with one more member."""
    return VALID[:-1] + b", " + extra + b"}"


NOT_JSON = {
    "nothing": b"",
    "space": b"  \n",
    "cut": VALID[:-1],
    "trailing text": VALID + b" x",
    "two objects": VALID + VALID,
    "trailing comma": VALID[:-1] + b",}",
    "comment": b"/* c */" + VALID,
    "single quotes": VALID.replace(b'"', b"'"),
    "form": b"language=python&code=1",
    "control character": b'{"language": "python", "code": "1\n2"}',
    "bad escape": b'{"language": "python", "code": "\\x41"}',
    "NaN": task(b'"timeout": NaN'),
    "Infinity": task(b'"timeout": Infinity'),
    "-Infinity": task(b'"timeout": -Infinity'),
    "NaN in an unknown field": task(b'"unknown": [NaN]'),
    "Infinity in an unknown field": task(b'"unknown": {"a": -Infinity}'),
    "duplicate key": task(b'"code": "2"'),
    "duplicate key, escaped": task(b'"\\u0063ode": "2"'),
    "duplicate key in ext": task(b'"ext": {"a": "1", "a": "1"}'),
    "duplicate unknown key": task(b'"unknown": 1, "unknown": 1'),
    "duplicate key, deeper": task(b'"unknown": [{"a": 1, "a": 2}]'),
    "UTF-16": b"\xff\xfe" + VALID.decode().encode("utf-16-le"),
    "UTF-32": VALID.decode().encode("utf-32"),
    "byte FF": VALID.replace(b"1 + 1", b"'\xff'"),
    "cut character": VALID.replace(b"1 + 1", b"'\xf0\x9f'"),
    "overlong character": VALID.replace(b"1 + 1", b"'\xc0\xaf'"),
    "surrogate as bytes": VALID.replace(b"1 + 1", b"'\xed\xa0\x80'"),
    "bytes that are not UTF-8 in an unknown field": task(b'"unknown": "\xff"'),
    "deep array": task(b'"unknown": ' + b"[" * DEEP + b"]" * DEEP),
    "deep object": task(b'"unknown": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "deep and open": b"[" * DEEP,
    "gzip": gzip.compress(VALID, mtime=0),
}
NO_OBJECTS = [b"[]", b"[" + VALID + b"]", b'"text"', b"5", b"1.5", b"null", b"true", b"false"]
LONE_SURROGATES = {
    "code": b'{"language": "python", "code": "\'\\ud800\'"}',
    "code, low": b'{"language": "python", "code": "\'\\udc00\'"}',
    "code, reversed pair": b'{"language": "python", "code": "\'\\ude00\\ud83d\'"}',
    "input": task(b'"input": "\\ud83d"'),
    "ext": task(b'"ext": {"a": "\\udfff"}'),
    "ext key": task(b'"ext": {"\\ud800": "a"}'),
    "unknown field": task(b'"unknown": ["\\ud800"]'),
    "unknown key": task(b'"\\ud800": 1'),
}
CONTENT_TYPES = [
    None,
    "application/json",
    "application/json; charset=utf-8",
    "text/plain",
    "text/html; charset=iso-8859-1",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/octet-stream",
    "nonsense",
]


@pytest.mark.parametrize("name", NOT_JSON)
def test_a_body_that_is_no_strict_json_is_refused(client: Client, name: str) -> None:
    """What is no strict, UTF-8 JSON of sensible depth is a 400 with an error and its details."""
    check_refusal(client.post_bytes(NOT_JSON[name]), 400)


@pytest.mark.parametrize("body", NO_OBJECTS)
def test_a_body_that_is_no_object_is_refused(client: Client, body: bytes) -> None:
    """JSON that is no object is a 400."""
    check_refusal(client.post_bytes(body), 400)


@pytest.mark.parametrize("name", LONE_SURROGATES)
def test_a_lone_surrogate_is_refused(client: Client, name: str) -> None:
    """Half a character, written as an escape, is a 400 wherever it stands."""
    check_refusal(client.post_bytes(LONE_SURROGATES[name]), 400)


def test_an_escaped_surrogate_pair_is_a_character(client: Client) -> None:
    """Two escapes that make one character together are accepted."""
    body = b'{"language": "python", "code": "print(\'\\ud83d\\ude00\')"}'
    assert parse(client.post_bytes(body)).stdout == "😀\n"


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_the_content_type_does_not_matter(client: Client, content_type: str | None) -> None:
    """The body is JSON, whatever the header says about it."""
    assert parse(client.post_bytes(VALID, content_type)).ret_val == "2"


def test_white_space_around_the_body_is_json(client: Client) -> None:
    """JSON may begin and end with white space."""
    assert parse(client.post_bytes(b" \r\n\t" + VALID + b"\n")).ret_val == "2"


def test_an_empty_object_names_what_is_missing(client: Client) -> None:
    """An object without a single field is a 400 that names a required field."""
    response = client.post_bytes(b"{}")
    check_refusal(response, 400)
    assert any(name in str(response.body["details"]) for name in ("language", "code"))


def test_a_body_beyond_the_largest_size_is_refused(client: Client) -> None:
    """A body of more than 4 MiB is a 413."""
    check_refusal(client.post_bytes(b" " * (4 * MIB) + VALID), 413)


def test_a_chunked_body_is_accepted(client: Client) -> None:
    """A body of unannounced length is read to its end."""
    response = client.request("POST", "/run_code", iter([VALID[:7], VALID[7:]]))
    assert parse(response).ret_val == "2"


def test_a_chunked_body_beyond_the_largest_size_is_refused(client: Client) -> None:
    """A body of unannounced length is measured while it comes."""

    def chunks() -> Iterator[bytes]:
        for _ in range(5 * 16):
            yield b" " * (MIB // 16)
        yield VALID

    check_refusal(client.request("POST", "/run_code", chunks()), 413)


def test_a_body_of_the_largest_size_is_read(client: Client) -> None:
    """A body of exactly 4 MiB is accepted."""
    assert parse(client.post_bytes(VALID + b" " * (4 * MIB - len(VALID)))).ret_val == "2"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_run_code_takes_post_only(client: Client, method: str) -> None:
    """Any other method is a 405 with an error."""
    check_refusal(client.request(method, "/run_code", VALID), 405)


@pytest.mark.parametrize("path", ["/run", "/run_code/1", "/RUN_CODE", "/../run_code", "/%00"])
def test_an_unknown_path_is_not_found(client: Client, path: str) -> None:
    """A path that the contract does not know is a 404 with an error."""
    check_refusal(client.request("POST", path, VALID), 404)


def test_a_refused_request_does_not_harm_the_next(client: Client) -> None:
    """After every kind of refusal the service runs code as before."""
    for body in (b"", b"{", b"\xff", b"[" * DEEP, json.dumps({"language": "x"}).encode()):
        client.post_bytes(body)
    assert parse(client.post_bytes(VALID)).ret_val == "2"

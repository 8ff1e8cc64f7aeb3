"""The parent's side of the pipe protocol."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaspool_executor.core.frames import FrameError, MessageReader, Ready, Result

SECRET = bytes(range(100, 116))


def message(kind: int, body: bytes = b"", secret: bytes = SECRET) -> bytes:
    """Bytes as a runner sends them."""
    return secret + struct.pack(">IB", len(body) + 1, kind) + body


def read_all(chunks: list[bytes]) -> tuple[bytes, list[Ready | Result]]:
    """Feed chunks; return all text and all messages."""
    reader = MessageReader(SECRET, max_body_bytes=1000)
    text, messages = b"", []
    for chunk in chunks:
        part, found = reader.feed(chunk)
        text += part
        if found is not None:
            messages.append(found)
    return text + reader.rest(), messages


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=6))
def test_text_and_a_result_are_parted_however_the_stream_is_cut(text: bytes, cuts: list[int]) -> None:
    """What the program wrote arrives whole, and the result after it, for any sizes of reads."""
    stream = text.replace(SECRET, b"") + message(2, struct.pack(">IB", 3, 1) + "é".encode())
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    chunks = [stream[start:end] for start, end in pairwise(edges)]

    seen, messages = read_all(chunks)

    assert seen == text.replace(SECRET, b"")
    assert messages == [Result(exit_code=3, own_return_val=True, ret_val="é")]


def test_a_message_behind_another_secret_is_text() -> None:
    """A program that guesses the frame but not the secret only prints."""
    forged = message(2, struct.pack(">IB", 0, 0) + b"forged", secret=b"x" * 16)

    assert read_all([forged]) == (forged, [])


@pytest.mark.parametrize(
    "bad",
    [
        message(9),
        message(1, b"surplus"),
        message(2, b"abc"),
        message(2, struct.pack(">IB", 256, 0)),
        message(2, struct.pack(">IB", 0, 7)),
        message(2, struct.pack(">IB", 0, 0) + b"\xff"),
        SECRET + struct.pack(">I", 0),
        SECRET + struct.pack(">I", 5000),
    ],
)
def test_a_message_that_no_honest_runner_sends_is_refused(bad: bytes) -> None:
    """Unknown kinds, sizes, codes, flags and encodings are protocol errors."""
    with pytest.raises(FrameError):
        read_all([bad])

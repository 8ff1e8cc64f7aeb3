"""The pipe protocol between a sandbox and its parent, from the parent's side.

To the sandbox: frames of a big-endian u32 length and that many bytes. From it: messages in the
stream of standard error, each behind the secret that only this sandbox's runner was told:

    secret[16] | u32 length | kind[1] | body

What stands before a message is what the program wrote. All of it is hostile until parsed.
"""

import json
import struct
from dataclasses import dataclass

SECRET_BYTES = 16
_LENGTH = struct.Struct(">I")
_RESULT = struct.Struct(">IB")
_HEADER_BYTES = SECRET_BYTES + _LENGTH.size
_READY = 1
_RESULT_KIND = 2
_OWN_RETURN_VAL = 1


class FrameError(Exception):
    """A message that no honest runner sends."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The sandbox waits for its task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The program came to its end."""

    exit_code: int
    own_return_val: bool
    ret_val: str


def hello_frame(secret: bytes, *, heap_bytes: int, max_return_bytes: int) -> bytes:
    """The first frame: the secret and the sandbox's bounds."""
    settings = json.dumps({"heapBytes": heap_bytes, "maxReturnBytes": max_return_bytes}).encode()
    return _LENGTH.pack(SECRET_BYTES + len(settings)) + secret + settings


def task_frame(code: bytes) -> bytes:
    """The second frame: the program; its standard input follows without a frame."""
    return _LENGTH.pack(len(code)) + code


class MessageReader:
    """Parts the program's standard error from the runner's messages."""

    def __init__(self, secret: bytes, *, max_body_bytes: int) -> None:
        self._secret = secret
        self._max = max_body_bytes
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> tuple[bytes, Ready | Result | None]:
        """Take bytes in; return the program's text among them, and a message that is complete.

        Raises FrameError for a message that breaks the protocol.
        """
        self._buffer += chunk
        start = self._buffer.find(self._secret)
        if start < 0:
            return self._take(len(self._buffer) - self._begun()), None
        text = self._take(start)
        return text, self._message()

    def rest(self) -> bytes:
        """The program's text that was held back, at the end of the stream."""
        return self._take(len(self._buffer))

    def _begun(self) -> int:
        """How many bytes at the buffer's end may be the beginning of the secret."""
        longest = min(len(self._buffer), SECRET_BYTES - 1)
        return next((size for size in range(longest, 0, -1) if self._buffer.endswith(self._secret[:size])), 0)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _message(self) -> Ready | Result | None:
        if len(self._buffer) < _HEADER_BYTES:
            return None
        (size,) = _LENGTH.unpack_from(self._buffer, SECRET_BYTES)
        if not 1 <= size <= self._max + 1 + _RESULT.size:
            raise FrameError(f"a message of {size} bytes")
        if len(self._buffer) < _HEADER_BYTES + size:
            return None
        return _parse(self._take(_HEADER_BYTES + size)[_HEADER_BYTES:])


def _parse(message: bytes) -> Ready | Result:
    kind, body = message[0], message[1:]
    if kind == _READY and not body:
        return Ready()
    if kind != _RESULT_KIND or len(body) < _RESULT.size:
        raise FrameError(f"a message of kind {kind} with {len(body)} bytes")
    exit_code, flags = _RESULT.unpack_from(body)
    if exit_code > 255 or flags not in (0, _OWN_RETURN_VAL):  # noqa: PLR2004 -- exit codes are one byte
        raise FrameError(f"exit code {exit_code}, flags {flags}")
    try:
        ret_val = body[_RESULT.size :].decode("utf-8")
    except UnicodeDecodeError as error:
        raise FrameError("a return value that is not UTF-8") from error
    return Result(exit_code=exit_code, own_return_val=flags == _OWN_RETURN_VAL, ret_val=ret_val)

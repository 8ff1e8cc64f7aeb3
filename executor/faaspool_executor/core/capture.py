"""Keeps the first bytes of a stream and forgets the rest."""

import codecs


class Capture:
    """The first `limit` bytes of what a program writes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self.truncated = False

    def feed(self, chunk: bytes) -> None:
        """Take bytes in."""
        room = self._limit - len(self._kept)
        self._kept += chunk[:room]
        self.truncated = self.truncated or len(chunk) > room

    def text(self) -> str:
        """What was kept; cut at a character's end, and with U+FFFD for what is not UTF-8."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        return decoder.decode(bytes(self._kept), final=not self.truncated)

"""What is kept of a stream: its first bytes, without a word that nobody should read."""

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


class Hider:
    """Replaces a word in a stream that comes in pieces."""

    def __init__(self, word: bytes, replacement: bytes) -> None:
        self._word = word
        self._replacement = replacement
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes in; return those that cannot be the beginning of the word."""
        text = (self._held + chunk).replace(self._word, self._replacement)
        begun = next((size for size in range(len(self._word) - 1, 0, -1) if text.endswith(self._word[:size])), 0)
        self._held = text[len(text) - begun :]
        return text[: len(text) - begun]

    def rest(self) -> bytes:
        """What was held back, at the end of the stream."""
        held, self._held = self._held, b""
        return held

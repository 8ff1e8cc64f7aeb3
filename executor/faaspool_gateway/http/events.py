"""A task's output as it comes: server-sent events, bounded by what is kept of the output."""

import asyncio
import codecs
import json
from collections.abc import AsyncIterator

from faaspool_gateway.errors import GatewayError
from faaspool_gateway.ports import Stream
from faaspool_gateway.tasks import Record

BEAT_SECONDS = 15.0
"""A comment this often tells proxies that the stream is alive."""


def event(name: str, data: object) -> bytes:
    """One event with JSON as its data."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\ndata: {text}\n\n".encode("utf-8", "replace")


class Output:
    """What a program has written and its reader has not read: at most `limit` bytes of each stream."""

    def __init__(self, limit: int) -> None:
        self._room = dict.fromkeys(Stream, limit)
        self._decoders = {stream: codecs.getincrementaldecoder("utf-8")("replace") for stream in Stream}
        self._pending: list[tuple[Stream, str]] = []
        self.fresh = asyncio.Event()

    def __call__(self, stream: Stream, text: bytes) -> None:
        """Take in what a program writes."""
        kept = text[: self._room[stream]]
        self._room[stream] -= len(kept)
        self._add(stream, self._decoders[stream].decode(kept, final=False))

    def end(self) -> None:
        """Let out what is left of an incomplete character, unless it was cut at the limit."""
        for stream, decoder in self._decoders.items():
            if self._room[stream]:
                self._add(stream, decoder.decode(b"", final=True))
        self.fresh.set()

    def take(self) -> bytes:
        """The events since the last time."""
        self.fresh.clear()
        pending, self._pending = self._pending, []
        return b"".join(event(stream, {"text": text}) for stream, text in pending)

    def _add(self, stream: Stream, text: str) -> None:
        if not text:
            return
        if self._pending and self._pending[-1][0] is stream:
            self._pending[-1] = (stream, self._pending[-1][1] + text)
        else:
            self._pending.append((stream, text))
        self.fresh.set()


async def events(record: Record, output: Output) -> AsyncIterator[bytes]:
    """All events of a task: its id, its output, its answer or why there is none."""
    try:
        yield event("task", {"task_id": record.ticket.task_id})
        if record.task is not None:
            record.task.add_done_callback(lambda _: output.end())
        while not record.done.is_set():
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    await output.fresh.wait()
            except TimeoutError:
                yield b": alive\n\n"
            yield output.take()
        output.end()
        yield output.take()
        try:
            yield event("result", record.result())
        except GatewayError as error:
            yield event("error", {"error": error.title, "details": str(error)})
    finally:
        record.abandon()

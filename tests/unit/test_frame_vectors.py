"""The parent's side of the frames, against the vectors that the runner's side is tested with."""

import json
from pathlib import Path

import pytest

from faaspool_executor.core.frames import MessageReader, Result, hello_frame

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "frames.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["results"])
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_results_are_read_as_the_runner_writes_them(vector: dict[str, object], step: int) -> None:
    """In pieces of any size, and with a program's text before them."""
    reader = MessageReader(bytes.fromhex(str(vector["secret"])), max_body_bytes=1000)
    stream = b"text before" + bytes.fromhex(str(vector["frame"]))
    text, messages = b"", []
    for start in range(0, len(stream), step):
        part, message = reader.feed(stream[start : start + step])
        text += part
        messages += [message] if message else []
    assert text == b"text before"
    assert messages == [
        Result(
            exit_code=int(str(vector["exitCode"])),
            own_return_val=bool(vector["ownReturnVal"]),
            ret_val=str(vector["retVal"]),
        )
    ]


@pytest.mark.parametrize("vector", VECTORS["hello"])
def test_the_hello_frame_is_written_as_the_runner_reads_it(vector: dict[str, object]) -> None:
    """Byte for byte."""
    heap, most = int(str(vector["heapBytes"])), int(str(vector["maxReturnBytes"]))
    frame = hello_frame(bytes.fromhex(str(vector["secret"])), heap_bytes=heap, max_return_bytes=most)
    assert frame.hex() == vector["frame"]

"""Captured output."""

from hypothesis import given
from hypothesis import strategies as st

from faaspool_executor.core.capture import Capture

CHUNKS = st.lists(st.binary(max_size=20), max_size=10)


@given(CHUNKS, st.integers(min_value=0, max_value=80))
def test_the_first_bytes_are_kept_however_they_come(chunks: list[bytes], limit: int) -> None:
    """The text depends on the bytes alone, not on how they were cut into chunks."""
    piecewise, at_once, whole = Capture(limit), Capture(limit), b"".join(chunks)
    for chunk in chunks:
        piecewise.feed(chunk)
    at_once.feed(whole)

    assert piecewise.text() == at_once.text()
    assert piecewise.truncated == at_once.truncated == (len(whole) > limit)
    if not piecewise.truncated:
        assert piecewise.text() == whole.decode("utf-8", "replace")


@given(st.text(max_size=60), st.integers(min_value=0, max_value=60))
def test_text_is_cut_between_characters(text: str, limit: int) -> None:
    """What is kept of valid text is a beginning of it."""
    capture = Capture(limit)
    capture.feed(text.encode())

    assert text.startswith(capture.text())
    assert len(capture.text().encode()) <= limit

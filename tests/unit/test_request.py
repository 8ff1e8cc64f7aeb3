"""The request parser: whatever comes, a request or a refusal that names its field."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faaspool_contract.errors import InvalidRequest
from faaspool_contract.names import LANGUAGE_NAMES, Priority
from faaspool_contract.request import MAX_EXT_BYTES, MAX_EXT_KEYS, RequestLimits, RunRequest, parse_request

LIMITS = RequestLimits(code_bytes=1000, default_timeout_ms=30_000, max_timeout_ms=300_000)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["language", "code", "timeout", "priority", "input", "ext", "other"]


def parse(**fields: object) -> RunRequest:
    """Parse fields as they would come from a client."""
    return parse_request(json.dumps(fields).encode(), LIMITS)


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    """Bytes that are no request are refused as such."""
    with pytest.raises(InvalidRequest) as refused:
        parse_request(body, LIMITS)
    assert refused.value.field
    assert refused.value.reason


@given(st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(["python", "js", "high", "1"]), max_size=7))
def test_any_fields(fields: dict[str, object]) -> None:
    """Fields of any type: a request whose parts have their types, or a refusal that names one of the fields."""
    try:
        request = parse(**fields)
    except InvalidRequest as error:
        refused = error.field
    else:
        refused = ""
        assert request.language in LANGUAGE_NAMES.values()
        assert request.code == fields["code"]
        assert 1 <= request.time_limit_ms(LIMITS) <= LIMITS.max_timeout_ms
        assert all(isinstance(text, str) for pair in request.ext.items() for text in pair)
    assert refused in ["", *FIELDS]


@given(st.sampled_from(sorted(LANGUAGE_NAMES)), st.sampled_from(list(Priority)), st.data())
def test_names_in_any_case(language: str, priority: Priority, data: st.DataObject) -> None:
    """Languages, aliases and priorities may be written in any case."""
    flips = data.draw(st.lists(st.booleans(), min_size=40, max_size=40))

    def mixed(name: str) -> str:
        return "".join(letter.upper() if flip else letter for letter, flip in zip(name, flips, strict=False))

    request = parse(language=mixed(language), code="", priority=mixed(priority))

    assert (request.language, request.priority) == (LANGUAGE_NAMES[language], priority)


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [(None, 30_000), (0, 30_000), (1, 1), (159.0, 159), (300_000, 300_000), (300_001, 300_000), (10**30, 300_000)],
)
def test_time_limits(timeout: float | None, expected: int) -> None:
    """Absent and 0 mean the default; what is above the maximum means the maximum."""
    assert parse(language="py", code="", timeout=timeout).time_limit_ms(LIMITS) == expected


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"code": "1"}, "language", "is required"),
        ({"language": "py"}, "code", "is required"),
        ({"language": "ruby", "code": ""}, "language", "must be one of python, py"),
        ({"language": 1, "code": ""}, "language", "must be one of"),
        ({"language": "py", "code": None}, "code", "must be a string"),
        ({"language": "py", "code": "x" * 1001}, "code", "is larger than 1000 bytes"),
        ({"language": "py", "code": "é" * 501}, "code", "is larger than 1000 bytes"),
        ({"language": "py", "code": "", "timeout": -1}, "timeout", "must be a whole number of milliseconds"),
        ({"language": "py", "code": "", "timeout": "1"}, "timeout", "must be a whole number of milliseconds"),
        ({"language": "py", "code": "", "timeout": 1.5}, "timeout", "must be a whole number of milliseconds"),
        ({"language": "py", "code": "", "timeout": True}, "timeout", "must be a whole number of milliseconds"),
        ({"language": "py", "code": "", "priority": "soon"}, "priority", "must be one of low, normal"),
        ({"language": "py", "code": "", "input": 1}, "input", "must be a string"),
        ({"language": "py", "code": "", "ext": []}, "ext", "must be an object of string to string"),
        ({"language": "py", "code": "", "ext": {"a": 1}}, "ext", "must be an object of string to string"),
        ({"language": "py", "code": "", "ext": {str(n): "" for n in range(MAX_EXT_KEYS + 1)}}, "ext", "more than"),
        ({"language": "py", "code": "", "ext": {"a": "x" * MAX_EXT_BYTES}}, "ext", "is larger than"),
    ],
)
def test_refusals(fields: dict[str, object], field: str, reason: str) -> None:
    """Each says which field is wrong and what is accepted."""
    with pytest.raises(InvalidRequest) as refused:
        parse(**fields)
    assert refused.value.field == field
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff", "not UTF-8 at byte 0"),
        (b"[]", "must be a JSON object"),
        (b"{", "at line 1, column 2"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": 1e999}', "out of range"),
        (b'{"a": ' + b"1" * 5000 + b"}", "not JSON"),
        (b'{"a": ' + b"[" * 70 + b"]" * 70 + b"}", "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"code": "\\ud800"}', "lone surrogate"),
        (b'{"\\ud800": 1}', "lone surrogate"),
        (b'{"code": "", "code": ""}', "the key appears twice"),
        (b'{"ext": {"a": "", "a": ""}}', "the key appears twice"),
        (b'{"a": "\n"}', "Invalid control character"),
        (b"{} {}", "Extra data"),
    ],
)
def test_bodies_that_parsers_disagree_about(body: bytes, reason: str) -> None:
    """Each is refused with what is wrong."""
    with pytest.raises(InvalidRequest, match=re.escape(reason)):
        parse_request(body, LIMITS)

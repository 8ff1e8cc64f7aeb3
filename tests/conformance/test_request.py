"""The fields of a request other than `language`: what is accepted, and what is a 400."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .shape import check_refusal

if TYPE_CHECKING:
    from .client import Client, Run

KIB = 1024
MIB = 1024 * KIB

TIMEOUTS = [None, 0, 5_000, 300_000, 300_001, 2**31, 2**32, 2**53, 2**63, 10**30]
NO_TIMEOUTS = [-1, -(2**63), 1.5, 0.1, -0.5, True, False, "1000", "", "soon", [], [1000], {}]
PRIORITIES = ["low", "normal", "high", "urgent", "LOW", "Normal", "hIgH", "URGENT"]
NO_PRIORITIES = ["", "highest", " normal", "0", 0, 5, 1.5, True, [], ["low"], {}]
NO_INPUTS = [0, 5, 1.5, True, False, [], ["a"], {}, {"a": "b"}]
NO_CODES: list[object] = [None, 0, 5, 1.5, True, [], ["1"], {}]
EXTS: list[dict[str, str]] = [
    {},
    {"trace": "a1"},
    {"": ""},
    {"__proto__": "x", "constructor": "y"},
    {"ключ": "值 😀"},
    {f"k{n}": "v" for n in range(64)},
    {"k": "v" * (12 * KIB)},
]
NO_EXTS: list[object] = [
    "text",
    5,
    True,
    [],
    [["a", "b"]],
    {"a": 1},
    {"a": 1.5},
    {"a": True},
    {"a": None},
    {"a": []},
    {"a": {}},
    {"good": "text", "bad": {"deep": {"deeper": "x"}}},
    {f"k{n}": "v" for n in range(65)},
    {"k": "v" * (16 * KIB + 1)},
    {"k" * (16 * KIB + 1): "v"},
    {f"k{n}": "v" * KIB for n in range(20)},
    {"k": "é" * (10 * KIB)},
]


def first_characters(value: object) -> str:
    """Name a parameter by its beginning."""
    return repr(value)[:24]


@pytest.mark.parametrize("timeout", TIMEOUTS)
def test_a_timeout_in_whole_milliseconds_is_accepted(run: Run, timeout: int | None) -> None:
    """Null and 0 mean the default, and whatever is above the maximum means the maximum."""
    assert run("1", timeout=timeout).status == "ok"


def test_a_timeout_may_be_absent(run: Run) -> None:
    """A request without a timeout gets the default."""
    assert run("1").status == "ok"


@pytest.mark.parametrize("timeout", NO_TIMEOUTS)
def test_any_other_timeout_is_refused(client: Client, timeout: object) -> None:
    """A negative, fractional, boolean or text timeout is a 400 that names the field."""
    check_refusal(client.run_code("1", timeout=timeout), 400, field="timeout")


def test_a_timeout_beyond_every_number_is_not_a_server_error(client: Client) -> None:
    """A number too large for the server's own arithmetic is refused or cut, and nothing breaks."""
    number = b"9" * 6000
    body = b'{"language": "python", "code": "1", "timeout": ' + number + b"}"
    assert client.post_bytes(body).status in {200, 400}
    overflow = b'{"language": "python", "code": "1", "timeout": 1e400}'
    check_refusal(client.post_bytes(overflow), 400)


@pytest.mark.parametrize("priority", PRIORITIES)
def test_a_priority_is_accepted_in_any_case(run: Run, priority: str) -> None:
    """The four priorities are accepted in any case."""
    assert run("1", priority=priority).status == "ok"


@pytest.mark.parametrize("priority", NO_PRIORITIES)
def test_any_other_priority_is_refused(client: Client, priority: object) -> None:
    """Anything but the four priorities is a 400 that names the field."""
    check_refusal(client.run_code("1", priority=priority), 400, field="priority")


@pytest.mark.parametrize("given", NO_INPUTS)
def test_an_input_that_is_no_text_is_refused(client: Client, given: object) -> None:
    """An input of another type is a 400 that names the field."""
    check_refusal(client.run_code("1", input=given), 400, field="input")


@pytest.mark.parametrize("ext", EXTS, ids=first_characters)
def test_an_ext_of_texts_is_accepted(run: Run, ext: dict[str, str]) -> None:
    """An object of at most 64 texts and 16 KiB is accepted, whatever its keys are called."""
    assert run("1 + 1", ext=ext).ret_val == "2"


@pytest.mark.parametrize("ext", NO_EXTS, ids=first_characters)
def test_any_other_ext_is_refused(client: Client, ext: object) -> None:
    """An ext that is no object of texts, or is too large, is a 400 that names the field."""
    check_refusal(client.run_code("1", ext=ext), 400, field="ext")


def test_a_missing_code_is_refused(client: Client) -> None:
    """A request without code is a 400 that names the field."""
    check_refusal(client.post({"language": "python"}), 400, field="code")


@pytest.mark.parametrize("code", NO_CODES)
def test_a_code_that_is_no_text_is_refused(client: Client, code: object) -> None:
    """A code of another type is a 400 that names the field."""
    check_refusal(client.post({"language": "python", "code": code}), 400, field="code")


@pytest.mark.parametrize("language", ["python", "javascript", "typescript"])
@pytest.mark.parametrize("code", ["", " ", "\n", "\r\n\r\n"], ids=repr)
def test_a_code_may_be_empty(run: Run, language: str, code: str) -> None:
    """A program of nothing runs to its end and returns nothing."""
    answer = run(code, language)
    assert (answer.status, answer.exit_code) == ("ok", 0)
    assert (answer.stdout, answer.stderr, answer.ret_val) == ("", "", "")


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_a_code_of_the_largest_size_runs(run: Run, language: str) -> None:
    """A program of exactly 1 MiB is accepted."""
    comment = {"python": "#", "javascript": "//"}[language]
    code = f"21 + 21\n{comment}"
    assert run(code + "x" * (MIB - len(code)), language).ret_val == "42"


@pytest.mark.parametrize("code", ["#" * (MIB + 1), "#" + "é" * (MIB // 2)], ids=["ascii", "utf-8"])
def test_a_code_beyond_the_largest_size_is_refused(client: Client, code: str) -> None:
    """A program of more than 1 MiB of UTF-8 is a 400 that names the field."""
    check_refusal(client.run_code(code), 400, field="code")


def test_unknown_fields_are_ignored(run: Run) -> None:
    """Fields that the contract does not know change nothing, whatever they hold."""
    extra: dict[str, object] = {
        "files": ["a"],
        "version": {"major": 3},
        "__proto__": {"status": "crashed"},
        "metadata": None,
        "TIMEOUT": "never",
    }
    answer = run("1 + 1", "python", **extra)
    assert (answer.status, answer.ret_val) == ("ok", "2")


def test_the_same_request_twice_is_two_tasks(run: Run) -> None:
    """Two equal requests give equal outputs under different task ids."""
    first, second = run("print('a')\n1"), run("print('a')\n1")
    assert first.raw["output"] == second.raw["output"]
    assert first.metadata["task_id"] != second.metadata["task_id"]

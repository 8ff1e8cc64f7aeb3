"""Return values between marker lines, and the last object that JavaScript printed."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faaspool_contract.names import Language
from faaspool_gateway.core.return_value import END, START, extract

NOTHING = "no marker anywhere"
LINES = st.lists(st.sampled_from([START, END, "a", "", "{}", '{"a": 1}', " " + START, START + "x", "\r"]), max_size=12)


@given(LINES, st.sampled_from(["\n", "\r\n"]))
def test_nothing_is_invented_and_only_what_is_marked_is_taken(lines: list[str], ending: str) -> None:
    """What is left of the output is a subsequence of its lines; a value comes from a complete pair alone."""
    stdout = ending.join(lines)

    left, value = extract(stdout, Language.PYTHON)

    remaining = iter(stdout.split("\n"))
    assert all(line in remaining for line in left.removesuffix("\n").split("\n") if line)
    if value is None:
        assert left == stdout
    else:
        assert START in lines
        assert END in lines
        assert len(left) < len(stdout)


@given(st.text(alphabet=st.characters(exclude_characters="\n\r", exclude_categories=["Cs"])))
@example("")
def test_a_marked_value_comes_out_whole(value: str) -> None:
    """Any one line between the markers is the value."""
    if value in (START, END):
        return
    assert extract(f"before\n{START}\n{value}\n{END}\nafter\n", Language.PYTHON) == ("before\nafter\n", value)


@pytest.mark.parametrize(
    ("stdout", "expected"),
    [
        (f"{START}\n1\n{END}\n{START}\n2\n{END}\n", ("", "2")),
        (f"{START}\n1\n", (f"{START}\n1\n", None)),
        (f"{END}\n1\n{START}\n", (f"{END}\n1\n{START}\n", None)),
        (f"{START}\na\nb\n{END}", ("", "a\nb")),
        (f"{START}\n{END}\n", ("", "")),
        (f"{START}\r\n1\r\n{END}\r\n", ("", "1")),
        (f"x{START}\n1\n{END}\n", (f"x{START}\n1\n{END}\n", None)),
        (f"{START}\n{START}\n1\n{END}\n", ("", f"{START}\n1")),
        ("", ("", None)),
    ],
)
def test_marker_lines(stdout: str, expected: tuple[str, str | None]) -> None:
    """The last complete pair counts, and all complete pairs leave the output."""
    assert extract(stdout, Language.PYTHON) == expected


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=4))
def test_javascript_takes_the_last_object_that_was_printed(value: dict[str, object]) -> None:
    """Any JSON object on a line of its own, the last one."""
    text = json.dumps(value)
    assert extract(f'{{"first": 1}}\n{text}\nnot an object\n', Language.JAVASCRIPT) == (
        '{"first": 1}\nnot an object\n',
        text,
    )


@pytest.mark.parametrize("line", ["[1]", "1", "{a: 1}", "{", "text {}", '{"a": 1} x', "{" * 5000 + "}" * 5000])
def test_javascript_takes_nothing_else(line: str) -> None:
    """What is no object stays output."""
    assert extract(f"{line}\n", Language.JAVASCRIPT) == (f"{line}\n", None)


def test_other_languages_take_no_object() -> None:
    """Python and TypeScript have the markers only."""
    for language in (Language.PYTHON, Language.TYPESCRIPT):
        assert extract("{}\n", language) == ("{}\n", None)

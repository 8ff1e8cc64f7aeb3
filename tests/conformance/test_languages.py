"""The field `language`: names, aliases, case, and everything that is no language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .shape import check_refusal

if TYPE_CHECKING:
    from .client import Client, Run

NAMES = {
    "python": ("python", "py", "Python", "PYTHON", "pYtHoN", "PY", "Py"),
    "javascript": ("javascript", "js", "JavaScript", "JAVASCRIPT", "JS", "Js"),
    "typescript": ("typescript", "ts", "TypeScript", "TYPESCRIPT", "TS", "tS"),
}
ALIASES = [(alias, name) for name, aliases in NAMES.items() for alias in aliases]
NO_LANGUAGES = ["", "ruby", "python3", "node", " python", "python\n", "__proto__", "constructor"]
NO_TEXTS = [None, 5, 1.5, True, [], ["python"], {}, {"name": "python"}]


@pytest.mark.parametrize(("alias", "name"), ALIASES)
def test_every_name_of_a_language_runs_code(run: Run, alias: str, name: str) -> None:
    """A language goes by its name or its alias in any case, and the answer gives the full name."""
    answer = run("1 + 1", alias)
    assert (answer.status, answer.exit_code, answer.ret_val) == ("ok", 0, "2")
    assert answer.metadata["language"] == name


@pytest.mark.parametrize("language", NO_LANGUAGES)
def test_an_unknown_language_is_refused(client: Client, language: str) -> None:
    """A text that names no language is a 400 that names the field."""
    check_refusal(client.run_code("1", language), 400, field="language")


@pytest.mark.parametrize("language", NO_TEXTS)
def test_a_language_that_is_no_text_is_refused(client: Client, language: object) -> None:
    """A language of another type is a 400 that names the field."""
    check_refusal(client.post({"language": language, "code": "1"}), 400, field="language")


def test_a_missing_language_is_refused(client: Client) -> None:
    """A request without a language is a 400 that names the field."""
    check_refusal(client.post({"code": "1"}), 400, field="language")


def test_a_typescript_program_is_not_javascript(run: Run) -> None:
    """Type annotations are a syntax error in JavaScript: the languages are told apart."""
    code = "const n: number = 1;\nn"
    assert run(code, "ts").ret_val == "1"
    assert run(code, "js").status == "error"

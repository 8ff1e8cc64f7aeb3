"""One abuse: a program, and what has to come of it."""

import re
from dataclasses import dataclass

from tests.conformance.client import Answer, Run

ANY = frozenset({"ok", "error", "timeout", "memory_limit", "crashed"})
"""For programs that may succeed or fail as they like, as long as they do no harm."""
ENDED = frozenset({"timeout", "memory_limit", "crashed"})
LEAKS = re.compile(r"root:.?:0:0|/opt/faaspool|faas-workspace|site-packages/faaspool|FAAS_|MALLOC_TRIM|DENO_DIR")
"""What no answer may ever show: files, paths and variables of the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A program and its expected end; what is None is not looked at."""

    number: int
    language: str
    code: str
    status: frozenset[str] = frozenset({"ok"})
    stdout: str | None = None
    ret_val: str | None = None
    shows: str | None = None
    """A regular expression that is found in what was printed or returned."""
    hides: str | None = None
    """One that is not."""
    timeout: int = 20_000
    input: str = ""

    def check(self, run: Run) -> Answer:
        """Run the program and compare."""
        answer = run(self.code, self.language, timeout=self.timeout, input=self.input)
        text = answer.stdout + answer.stderr + answer.ret_val + str(answer.raw.get("details", ""))
        seen = f"{answer.status}: {text[:600]!r}"
        assert answer.status in self.status, seen
        assert self.stdout is None or answer.stdout == self.stdout, seen
        assert self.ret_val is None or answer.ret_val == self.ret_val, seen
        assert self.shows is None or re.search(self.shows, text), seen
        assert self.hides is None or not re.search(self.hides, text), seen
        assert not LEAKS.search(text), seen
        return answer


def python(number: int, code: str, **expected: object) -> Case:
    """A case in Python."""
    return Case(number=number, language="python", code=code, **expected)  # type: ignore[arg-type]


def javascript(number: int, code: str, **expected: object) -> Case:
    """A case in JavaScript."""
    return Case(number=number, language="javascript", code=code, **expected)  # type: ignore[arg-type]


def typescript(number: int, code: str, **expected: object) -> Case:
    """A case in TypeScript."""
    return Case(number=number, language="typescript", code=code, **expected)  # type: ignore[arg-type]


def name_of(case: Case) -> str:
    """How a test is called."""
    return f"{case.number:03}-{case.language}"

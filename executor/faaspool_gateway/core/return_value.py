"""Return values that a program prints through a `return_val` of its own.

Only a program that defines such a function gets its output searched: what any other prints between
the marker lines is output.
"""

import json
from typing import NamedTuple

from faaspool_contract.names import Language

START = "__COZE_RETURN_VAL_START__"
END = "__COZE_RETURN_VAL_END__"


class Printed(NamedTuple):
    """What is left of `stdout`, and the return value that was in it, if any."""

    stdout: str
    ret_val: str | None


def extract(stdout: str, language: Language) -> Printed:
    """Take a printed return value out of `stdout`."""
    marked = _between_markers(stdout)
    if marked.ret_val is not None or language is not Language.JAVASCRIPT:
        return marked
    return _last_object(stdout)


def _between_markers(stdout: str) -> Printed:
    kept: list[str] = []
    value: str | None = None
    inside: list[str] | None = None
    for line in _lines(stdout):
        text = line.rstrip("\r\n")
        if inside is None and text == START:
            inside = [line]
        elif inside is not None and text == END:
            value = "".join(inside[1:]).removesuffix("\n").removesuffix("\r")
            inside = None
        else:
            (kept if inside is None else inside).append(line)
    return Printed("".join(kept + (inside or [])), value)


def _lines(text: str) -> list[str]:
    """Lines with their ends; unlike `splitlines`, only a line feed ends one."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _last_object(stdout: str) -> Printed:
    lines = stdout.split("\n")
    for index in range(len(lines) - 1, -1, -1):
        text = lines[index].strip()
        if text.startswith("{") and text.endswith("}") and _is_object(text):
            del lines[index]
            return Printed("\n".join(lines), text)
    return Printed(stdout, None)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False

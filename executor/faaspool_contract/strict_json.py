"""JSON as the contract reads it: UTF-8, no duplicate keys, no NaN, no lone surrogate, bounded nesting."""

import json
from typing import NoReturn

from faaspool_contract.errors import InvalidRequest

FIELD = "body"
MAX_DEPTH = 64
"""Deeper nesting than any valid request has; the parser itself would fail at some thousand."""


def parse_object(body: bytes) -> dict[str, object]:
    """Parse a JSON object.

    Raises InvalidRequest for anything else, and for what JSON parsers disagree about.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest(FIELD, f"not UTF-8 at byte {error.start}") from None
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise InvalidRequest(FIELD, f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise InvalidRequest(FIELD, "nested too deeply") from None
    except ValueError as error:
        raise InvalidRequest(FIELD, f"not JSON: {str(error)[:200]}") from None
    if not isinstance(value, dict):
        raise InvalidRequest(FIELD, "must be a JSON object")
    _check(value)
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidRequest(twice if twice.isidentifier() else FIELD, "the key appears twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidRequest(FIELD, f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise InvalidRequest(FIELD, "a number is out of range")
    return value


def _check(root: dict[str, object]) -> None:
    """Refuse lone surrogates and deep nesting, without recursion."""
    open_values: list[tuple[str, object, int]] = [(key, value, 1) for key, value in root.items()]
    for key in root:
        _check_text(FIELD, key)
    while open_values:
        field, value, depth = open_values.pop()
        if depth > MAX_DEPTH:
            raise InvalidRequest(field, "nested too deeply")
        if isinstance(value, str):
            _check_text(field, value)
        elif isinstance(value, list):
            open_values.extend((field, item, depth + 1) for item in value)
        elif isinstance(value, dict):
            for key, item in value.items():
                _check_text(field, key)
                open_values.append((field, item, depth + 1))


def _check_text(field: str, text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidRequest(field, "holds a lone surrogate") from None

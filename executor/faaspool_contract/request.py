"""`POST /run_code`: what a request may hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    ValidationError,
)
from pydantic.json_schema import WithJsonSchema

from faaspool_contract.errors import InvalidRequest
from faaspool_contract.names import LANGUAGE_NAMES, Language, Priority
from faaspool_contract.strict_json import parse_object

MAX_EXT_KEYS = 64
MAX_EXT_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """How large the parts of a request may be."""

    code_bytes: int
    """Bytes of UTF-8 in `code`."""
    default_timeout_ms: int
    """The time limit of a request that names none."""
    max_timeout_ms: int
    """The time limit of a request that names a larger one."""


def _any_case(names: Iterable[str]) -> str:
    """A regular expression for the names in any case; the dialect of JSON Schema has no flag for it."""
    return "^(" + "|".join("".join(f"[{letter.upper()}{letter}]" for letter in name) for name in names) + ")$"


def _language(value: object) -> Language:
    if isinstance(value, str) and value.lower() in LANGUAGE_NAMES:
        return LANGUAGE_NAMES[value.lower()]
    raise ValueError(f"must be one of {', '.join(LANGUAGE_NAMES)}")


def _priority(value: object) -> Priority:
    names = [priority.value for priority in Priority]
    if value is None:
        return Priority.NORMAL
    if isinstance(value, str) and value.lower() in names:
        return Priority(value.lower())
    raise ValueError(f"must be one of {', '.join(names)}")


def _timeout(value: int | None) -> int | None:
    if value is not None and value < 0:
        raise ValueError("must be a whole number of milliseconds, 0 or more")
    return value


def _whole(value: object) -> object:
    """`1000.0` is the same number as `1000`, in JSON and in its schemas."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _text(value: object) -> object:
    return "" if value is None else value


def _ext(value: object) -> object:
    return {} if value is None else value


def _ext_size(value: dict[str, str]) -> dict[str, str]:
    if len(value) > MAX_EXT_KEYS:
        raise ValueError(f"has more than {MAX_EXT_KEYS} keys")
    if sum(len(key.encode()) + len(text.encode()) for key, text in value.items()) > MAX_EXT_BYTES:
        raise ValueError(f"is larger than {MAX_EXT_BYTES} bytes")
    return value


class RunRequest(BaseModel):
    """A program to run."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    language: Annotated[
        Language,
        BeforeValidator(_language),
        WithJsonSchema(
            {
                "type": "string",
                "pattern": _any_case(LANGUAGE_NAMES),
                "description": f"One of {', '.join(LANGUAGE_NAMES)}, in any case.",
            }
        ),
    ]
    code: StrictStr = Field(description="The program. May be empty.")
    timeout: Annotated[StrictInt | None, BeforeValidator(_whole), AfterValidator(_timeout)] = Field(
        default=None,
        json_schema_extra={"minimum": 0},
        description="Time limit of the run in milliseconds. Absent, null or 0: the default; above the maximum: that.",
    )
    priority: Annotated[
        Priority,
        BeforeValidator(_priority),
        WithJsonSchema(
            {
                "anyOf": [{"type": "string", "pattern": _any_case(Priority)}, {"type": "null"}],
                "description": "One of low, normal, high, urgent, in any case.",
                "default": "normal",
            }
        ),
    ] = Priority.NORMAL
    input: Annotated[StrictStr, BeforeValidator(_text)] = Field(
        default="",
        json_schema_extra={"type": ["string", "null"]},
        description="The program's standard input, exactly; then end of file.",
    )
    ext: Annotated[dict[StrictStr, StrictStr], BeforeValidator(_ext), AfterValidator(_ext_size)] = Field(
        default_factory=dict,
        json_schema_extra={"type": ["object", "null"], "maxProperties": MAX_EXT_KEYS},
        description="Passed through, never interpreted.",
    )

    def time_limit_ms(self, limits: RequestLimits) -> int:
        """The time limit that applies, in milliseconds."""
        return min(self.timeout or limits.default_timeout_ms, limits.max_timeout_ms)


def parse_request(body: bytes, limits: RequestLimits) -> RunRequest:
    """Parse the body of a request.

    Raises InvalidRequest, which names the field.
    """
    fields = parse_object(body)
    try:
        request = RunRequest.model_validate(fields)
    except ValidationError as error:
        raise _first_problem(error) from None
    if len(request.code.encode()) > limits.code_bytes:
        raise InvalidRequest("code", f"is larger than {limits.code_bytes} bytes")
    return request


def _first_problem(error: ValidationError) -> InvalidRequest:
    problem = error.errors(include_url=False, include_input=False)[0]
    field = str(problem["loc"][0]) if problem["loc"] else "body"
    messages = {
        "missing": "is required",
        "string_type": "must be a string" if len(problem["loc"]) == 1 else "must be an object of string to string",
        "dict_type": "must be an object of string to string",
        "int_type": "must be a whole number of milliseconds, 0 or more",
    }
    reason = messages.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    return InvalidRequest(field, reason)

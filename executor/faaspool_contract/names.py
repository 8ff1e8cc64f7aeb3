"""The closed vocabularies of the contract."""

from enum import StrEnum

VERSION = "unified-v1.0.0"
"""What `/health` calls this contract's version."""


class Language(StrEnum):
    """A language that programs are written in."""

    PYTHON = "python"
    JAVASCRIPT = "javascript"
    TYPESCRIPT = "typescript"


class Priority(StrEnum):
    """How urgent a task is, most urgent last."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Mode(StrEnum):
    """How the service keeps its sandboxes."""

    BASIC = "basic"
    ENHANCED = "enhanced"


class Status(StrEnum):
    """How a task ended."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY_LIMIT = "memory_limit"
    CRASHED = "crashed"
    CANCELLED = "cancelled"


LANGUAGE_NAMES = {
    "python": Language.PYTHON,
    "py": Language.PYTHON,
    "javascript": Language.JAVASCRIPT,
    "js": Language.JAVASCRIPT,
    "typescript": Language.TYPESCRIPT,
    "ts": Language.TYPESCRIPT,
}
"""Every name of a language that a request may use, in lower case."""

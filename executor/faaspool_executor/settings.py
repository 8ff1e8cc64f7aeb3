"""The executor's settings, read once from the environment."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from faaspool_contract.names import Mode
from faaspool_executor.core.sizes import parse_size
from faaspool_executor.errors import SettingsError


def _integer(minimum: int, maximum: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.strip().isdigit() or not minimum <= int(text) <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return int(text)

    return parse


def _mode(text: str) -> Mode:
    if text.strip().lower() == Mode.BASIC:
        return Mode.BASIC
    raise ValueError("must be basic; enhanced mode is not part of this version yet")


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(token for part in text.split(",") if (token := part.strip()))


def _setting(variable: str, default: object, parse: Callable[[str], object], meaning: str) -> Any:  # noqa: ANN401
    return field(default=default, metadata={"variable": variable, "parse": parse, "meaning": meaning})


_MIB = 1 << 20
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator can choose."""

    mode: Mode = _setting("FAAS_MODE", Mode.BASIC, _mode, "How sandboxes are kept: `basic`.")
    workspace: Path = _setting("FAAS_WORKSPACE", Path("/tmp/faas-workspace"), Path, "Where prepared files live.")  # noqa: S108
    host: str = _setting("FAAS_HOST", "127.0.0.1", str, "Address to listen on.")
    port: int = _setting("COZE_LOOP_FAAS_PORT", 8889, _integer(1, 65535), "Port to listen on.")
    timeout_ms: int = _setting("FAAS_TIMEOUT", 30_000, _integer(1, _HOUR_MS), "Default time limit of a task, ms.")
    max_timeout_ms: int = _setting("FAAS_MAX_TIMEOUT", 300_000, _integer(1, _HOUR_MS), "Largest time limit, ms.")
    worker_count: int = _setting("FAAS_WORKER_COUNT", 10, _integer(1, 1000), "Tasks that run at the same time.")
    queue_size: int = _setting("FAAS_QUEUE_SIZE", 1000, _integer(0, 1_000_000), "Tasks that may wait.")
    queue_timeout_ms: int = _setting("FAAS_QUEUE_TIMEOUT", 30_000, _integer(1, _HOUR_MS), "Longest wait, ms.")
    memory_bytes: int = _setting("FAAS_MEMORY_LIMIT", 2 << 30, parse_size, "Memory of the whole service.")
    task_memory_bytes: int = _setting("FAAS_TASK_MEMORY_LIMIT", 256 * _MIB, parse_size, "Memory of one task.")
    max_code_bytes: int = _setting("FAAS_MAX_CODE_BYTES", _MIB, _integer(1, 8 * _MIB), "Largest `code`, bytes.")
    max_body_bytes: int = _setting("FAAS_MAX_BODY_BYTES", 4 * _MIB, _integer(1, 64 * _MIB), "Largest body, bytes.")
    max_output_bytes: int = _setting("FAAS_MAX_OUTPUT_BYTES", _MIB, _integer(1, 64 * _MIB), "Output kept, bytes each.")
    grace_ms: int = _setting("FAAS_SHUTDOWN_GRACE", 25_000, _integer(0, _HOUR_MS), "Time for tasks at shutdown, ms.")
    api_tokens: tuple[str, ...] = _setting("FAAS_API_TOKENS", (), _tokens, "Accepted tokens, separated by commas.")


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises SettingsError, which names the variable, its value and what is accepted.
    """
    variables = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for item in fields(Settings):
        variable = item.metadata["variable"]
        text = variables.get(variable, "")
        if not text.strip():
            continue
        try:
            values[item.name] = item.metadata["parse"](text)
        except ValueError as error:
            shown = "(hidden)" if item.name == "api_tokens" else repr(text)
            raise SettingsError(f"{variable}={shown}: {error}") from None
    settings = Settings(**values)
    if settings.timeout_ms > settings.max_timeout_ms:
        raise SettingsError(f"FAAS_TIMEOUT={settings.timeout_ms}: must not be above FAAS_MAX_TIMEOUT")
    return settings

"""The executor's settings, read once from the environment."""

import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from faaspool_contract.names import Mode
from faaspool_executor.core.layers import Layer
from faaspool_executor.core.sizes import parse_size
from faaspool_executor.errors import SettingsError
from faaspool_gateway.ports import FairnessKey

MIN_CPUS = 0.01
MAX_CPUS = 4096


def _integer(minimum: int, maximum: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.strip().isdecimal() or not minimum <= int(text) <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return int(text)

    return parse


def _decimal(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not MIN_CPUS <= value <= MAX_CPUS:
        raise ValueError(f"must be a number of processors from {MIN_CPUS} to {MAX_CPUS}, such as 1.0 or 0.5")
    return value


def _boolean(text: str) -> bool:
    names = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if text.strip().lower() not in names:
        raise ValueError("must be true or false")
    return names[text.strip().lower()]


def _address(text: str) -> str:
    return str(ip_address(text.strip()))


def _mode(text: str) -> Mode:
    if text.strip().lower() not in list(Mode):
        raise ValueError(f"must be {' or '.join(Mode)}")
    return Mode(text.strip().lower())


def _fairness(text: str) -> FairnessKey:
    kind, _, name = text.strip().partition(":")
    if kind not in ("header", "ext") or not name.strip():
        raise ValueError("must be header:NAME or ext:NAME, such as header:X-Tenant")
    return FairnessKey(header=kind == "header", name=name.strip())


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(token for part in text.split(",") if (token := part.strip()))


def _layers(text: str) -> tuple[Layer, ...]:
    names = [name for part in text.split(",") if (name := part.strip().lower())]
    for name in names:
        if name not in list(Layer):
            raise ValueError(f"{name} is no layer; layers are {', '.join(Layer)}")
    return tuple(map(Layer, names))


def _setting(variable: str, default: object, parse: Callable[[str], object], meaning: str) -> Any:  # noqa: ANN401
    return field(default=default, metadata={"variable": variable, "parse": parse, "meaning": meaning})


_MIB = 1 << 20
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator can choose."""

    mode: Mode = _setting("FAAS_MODE", Mode.BASIC, _mode, "How sandboxes are kept: `basic` or `enhanced`.")
    workspace: Path = _setting("FAAS_WORKSPACE", Path("/tmp/faas-workspace"), Path, "Where prepared files live.")  # noqa: S108
    host: str = _setting("FAAS_HOST", "127.0.0.1", _address, "Address to listen on: `0.0.0.0` for all.")
    port: int = _setting("COZE_LOOP_FAAS_PORT", 8889, _integer(1, 65535), "Port to listen on.")
    timeout_ms: int = _setting("FAAS_TIMEOUT", 30_000, _integer(1, _HOUR_MS), "Default time limit of a task, ms.")
    max_timeout_ms: int = _setting("FAAS_MAX_TIMEOUT", 300_000, _integer(1, _HOUR_MS), "Largest time limit, ms.")
    worker_count: int = _setting("FAAS_WORKER_COUNT", 10, _integer(1, 1000), "Tasks that run at the same time.")
    queue_size: int = _setting("FAAS_QUEUE_SIZE", 1000, _integer(0, 1_000_000), "Tasks that may wait.")
    queue_timeout_ms: int = _setting("FAAS_QUEUE_TIMEOUT", 30_000, _integer(1, _HOUR_MS), "Longest wait, ms.")
    memory_bytes: int = _setting(
        "FAAS_MEMORY_LIMIT",
        2 << 30,
        parse_size,
        "Memory of the service and all its sandboxes; a container's own limit counts where it is lower.",
    )
    cpus: float = _setting(
        "FAAS_CPU_LIMIT", 1.0, _decimal, "Processors of the whole service: so many sandboxes start at once."
    )
    task_memory_bytes: int = _setting("FAAS_TASK_MEMORY_LIMIT", 256 * _MIB, parse_size, "Memory of one task.")
    max_code_bytes: int = _setting("FAAS_MAX_CODE_BYTES", _MIB, _integer(1, 8 * _MIB), "Largest `code`, bytes.")
    max_body_bytes: int = _setting("FAAS_MAX_BODY_BYTES", 4 * _MIB, _integer(1, 64 * _MIB), "Largest body, bytes.")
    max_output_bytes: int = _setting("FAAS_MAX_OUTPUT_BYTES", _MIB, _integer(1, 64 * _MIB), "Output kept, bytes each.")
    grace_ms: int = _setting("FAAS_SHUTDOWN_GRACE", 25_000, _integer(0, _HOUR_MS), "Time for tasks at shutdown, ms.")
    pool_size: int = _setting("FAAS_POOL_SIZE", 10, _integer(0, 1000), "Warm sandboxes kept ready (enhanced mode).")
    max_instances: int = _setting("FAAS_MAX_INSTANCES", 50, _integer(1, 1000), "Sandboxes at most (enhanced mode).")
    enable_pool: bool = _setting("FAAS_ENABLE_POOL", True, _boolean, "Keep sandboxes warm (enhanced mode).")
    enable_scheduler: bool = _setting("FAAS_ENABLE_SCHEDULER", True, _boolean, "Order by priority (enhanced mode).")
    enable_metrics: bool = _setting("FAAS_ENABLE_METRICS", True, _boolean, "Serve `/metrics` (enhanced mode).")
    fairness_key: FairnessKey | None = _setting(
        "FAAS_FAIRNESS_KEY",
        None,
        _fairness,
        "Whose task it is: `header:NAME` or `ext:NAME`. Callers then share the workers (enhanced mode).",
    )
    require_isolation: tuple[Layer, ...] = _setting(
        "FAAS_REQUIRE_ISOLATION", (), _layers, "Layers without which the service does not start: `seccomp,landlock`."
    )
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
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    for lower, upper in (("timeout_ms", "max_timeout_ms"), ("pool_size", "max_instances")):
        value, most = getattr(settings, lower), getattr(settings, upper)
        if value > most:
            raise SettingsError(
                f"{variable_of(lower)}={value}: must not be above {variable_of(upper)}, which is {most}"
            )


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return next(str(item.metadata["variable"]) for item in fields(Settings) if item.name == name)


def default_text(item: Field[Any]) -> str:
    """A setting's default as it would be written in the environment."""
    value: Any = item.default
    if item.metadata["parse"] is parse_size:
        return f"{value >> 30}G" if value % (1 << 30) == 0 else f"{value >> 20}M"
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value in ((), None) else str(value)


def describe_settings() -> str:
    """One line for each setting: variable, default, meaning."""
    return "\n".join(
        f"  {item.metadata['variable']:24} {default_text(item):20} {item.metadata['meaning']}"
        for item in fields(Settings)
    )

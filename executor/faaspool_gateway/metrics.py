"""What Prometheus reads."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from faaspool_contract.names import Language, Priority, Status
from faaspool_gateway.ports import Refusal, TaskEnded
from faaspool_gateway.service import Gateway

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""Seconds: from half a millisecond to five minutes."""
BYTE_BUCKETS = tuple(float(mebibytes << 20) for mebibytes in (32, 64, 96, 128, 192, 256, 384, 512, 1024))
PHASES = ("queued", "lease", "run", "total")


class Metrics:
    """Counts what becomes of tasks and sandboxes. Every label comes from a closed list."""

    def __init__(self, version: str, memory_limit_bytes: int) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # Twice as many series, which nobody asks for.
        registry = self.registry = CollectorRegistry()
        self._tasks = Counter(
            "faaspool_tasks", "Tasks that were answered.", ("language", "priority", "status"), registry=registry
        )
        self._warm = Counter(
            "faaspool_tasks_by_start",
            "Tasks that were answered, by whether a sandbox was ready (warm) or had to be started (cold).",
            ("start",),
            registry=registry,
        )
        self._refused = Counter(
            "faaspool_refusals", "Tasks that were not carried out, by reason.", ("reason",), registry=registry
        )
        self._cancelled = Counter("faaspool_tasks_cancelled", "Tasks that their clients gave up.", registry=registry)
        self._phases = Histogram(
            "faaspool_task_phase_seconds",
            "Where the time of answered tasks went.",
            ("phase",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._waits = Histogram(
            "faaspool_queue_wait_seconds",
            "How long answered tasks waited for their turn and sandbox, by class.",
            ("priority",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._starts = Histogram(
            "faaspool_sandbox_start_seconds",
            "How long sandboxes took to start.",
            ("language",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._start_failures = Counter(
            "faaspool_sandbox_start_failures", "Sandboxes that did not start.", ("language",), registry=registry
        )
        self._cpu = Counter(
            "faaspool_task_cpu_seconds", "Processor time that tasks used.", ("language",), registry=registry
        )
        self._peak = Histogram(
            "faaspool_task_peak_bytes",
            "Largest resident memory of the sandboxes of tasks.",
            ("language",),
            buckets=BYTE_BUCKETS,
            registry=registry,
        )
        Gauge("faaspool_memory_limit_bytes", "Memory for the service and its sandboxes.", registry=registry).set(
            memory_limit_bytes
        )
        Info("faaspool_build", "The version that runs.", registry=registry).info({"version": version})
        self._prime()

    def ended(self, task: TaskEnded) -> None:
        """Count a task that was answered."""
        phases = task.phases
        self._tasks.labels(task.language, task.priority, task.status).inc()
        self._warm.labels("warm" if task.warm else "cold").inc()
        for phase, seconds in zip(PHASES, (phases.queued, phases.started, phases.ran, phases.total), strict=True):
            self._phases.labels(phase).observe(seconds)
        self._waits.labels(task.priority).observe(phases.queued + phases.started)

    def refused(self, reason: Refusal) -> None:
        """Count a task that was not carried out."""
        self._refused.labels(reason).inc()

    def cancelled(self) -> None:
        """Count a task that its client gave up."""
        self._cancelled.inc()

    def started(self, language: Language, seconds: float) -> None:
        """Count a sandbox that is ready."""
        self._starts.labels(language).observe(seconds)

    def start_failed(self, language: Language) -> None:
        """Count a sandbox that did not start."""
        self._start_failures.labels(language).inc()

    def spent(self, language: Language, cpu_seconds: float, peak_bytes: int) -> None:
        """Count what a task used."""
        self._cpu.labels(language).inc(cpu_seconds)
        self._peak.labels(language).observe(peak_bytes)

    def watch(self, gateway: Gateway, memory_bytes: Callable[[], int]) -> None:
        """Read the queue's depth, the sandboxes and the memory in use whenever they are asked for."""
        self.registry.register(_Now(gateway, memory_bytes))

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self.registry)

    def _prime(self) -> None:
        """Begin every series at zero, so that rates see the first event."""
        for language in Language:
            for priority in Priority:
                for status in Status:
                    self._tasks.labels(language, priority, status)
            self._starts.labels(language)
            self._start_failures.labels(language)
            self._cpu.labels(language)
            self._peak.labels(language)
        for priority in Priority:
            self._waits.labels(priority)
        for reason in Refusal:
            self._refused.labels(reason)
        for start in ("warm", "cold"):
            self._warm.labels(start)
        for phase in PHASES:
            self._phases.labels(phase)


_HEAD = """# Metrics

All labels are closed lists: clients cannot make them grow.

<!-- Written by `make docs` from executor/faaspool_gateway/metrics.py: change it there. -->

| name | type | labels | meaning |
| --- | --- | --- | --- |
"""
_NOW: dict[str, tuple[str, tuple[str, ...]]] = {
    "faaspool_queue_depth": ("Tasks that wait, by class.", ("priority",)),
    "faaspool_queue_places": ("Tasks that may wait.", ()),
    "faaspool_tasks_running": ("Tasks that run.", ()),
    "faaspool_sandboxes": ("Sandboxes, by state: idle, active or starting.", ("state",)),
    "faaspool_sandboxes_held_back": ("Warm sandboxes that are wanted and do not fit.", ()),
    "faaspool_memory_bytes": ("Memory of the service and its sandboxes.", ()),
}


class _Now(Collector):
    """What is so at the moment of a scrape."""

    def __init__(self, gateway: Gateway, memory_bytes: Callable[[], int]) -> None:
        self._gateway = gateway
        self._memory_bytes = memory_bytes

    def collect(self) -> Iterator[Metric]:
        """Read it."""
        queue, census = self._gateway.queue, self._gateway.sandboxes.census()
        states = {"idle": census.idle, "active": census.active, "starting": census.starting}
        yield _gauge("faaspool_queue_depth", {priority: queue.depth(priority) for priority in Priority})
        yield _gauge("faaspool_queue_places", self._gateway.limits.queue_size)
        yield _gauge("faaspool_tasks_running", self._gateway.statistics.running)
        yield _gauge("faaspool_sandboxes", states)
        yield _gauge("faaspool_sandboxes_held_back", census.held_back)
        yield _gauge("faaspool_memory_bytes", self._memory_bytes())


def _gauge(name: str, values: int | Mapping[str, int]) -> Metric:
    meaning, labels = _NOW[name]
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for label, value in values.items() if isinstance(values, Mapping) else [(None, values)]:
        family.add_metric([] if label is None else [label], value)
    return family


def metrics_page() -> str:
    """All metrics as a page of Markdown."""
    rows = [
        (
            family.name + ("_total" if family.type == "counter" else ""),
            family.type,
            _labels(family),
            family.documentation,
        )
        for family in Metrics("", 0).registry.collect()
    ]
    rows += [(name, "gauge", labels, meaning) for name, (meaning, labels) in _NOW.items()]
    lines = [f"| `{name}` | {kind} | {', '.join(labels)} | {meaning} |" for name, kind, labels, meaning in sorted(rows)]
    return _HEAD + "\n".join(lines) + "\n"


def _labels(family: Metric) -> tuple[str, ...]:
    return tuple(sorted({label for sample in family.samples for label in sample.labels} - {"le"}))

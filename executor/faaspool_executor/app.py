"""Puts the executor together and runs it until it is told to stop."""

import asyncio
import contextlib
import math
import os
import signal
import socket
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import structlog
import uvicorn

from faaspool_contract.names import Language, Mode
from faaspool_contract.request import RequestLimits
from faaspool_executor.core.argv import sandbox_argv
from faaspool_executor.core.plan import MIB, Budget, Demand, Mix, NoneWarm, Target
from faaspool_executor.errors import CannotListen, NotPrepared
from faaspool_executor.sandbox.belt import Belt, Bounds, offered, require
from faaspool_executor.sandbox.host import cores, hide_from_sandboxes, memory_limit_bytes, process_bytes
from faaspool_executor.sandbox.pool import Pool
from faaspool_executor.sandbox.prepare import record_image
from faaspool_executor.sandbox.process import Command
from faaspool_executor.sandbox.runtime import Runtime, find_deno
from faaspool_executor.settings import Settings
from faaspool_gateway.http.app import Parts, build_app
from faaspool_gateway.http.protocol import bounded_protocol
from faaspool_gateway.metrics import Metrics
from faaspool_gateway.recent import Recent
from faaspool_gateway.service import Gateway, GatewayLimits
from faaspool_gateway.tasks import Tasks

SERVICE_BYTES = 88 * MIB
"""What the service's own process takes, next to its sandboxes; 16 MiB of it are answers that are kept."""
MAX_INSTANCES = 10_000
ENGINE_BYTES = 64 * MIB
"""What a sandbox may take for the engine's own needs, its compilers above all, beyond the task's memory."""
BACKLOG = 2048
SPARE_CONNECTIONS = 256
"""Beyond those of tasks that run and wait: probes, clients that keep theirs open."""
IDLE_PYTHON_BYTES = 80 * MIB
SMALLEST_TASK_BYTES = 32 * MIB
SMALLEST_HEAP_BYTES = 64 * MIB
"""Twice Python's memory image: below it nothing runs."""

log = structlog.get_logger()


class Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: draining comes before closing."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `serve`."""
        yield


def runtime_of(settings: Settings) -> Runtime:
    """The runtime folder that the settings name."""
    return Runtime(settings.workspace, find_deno())


class PythonImage:
    """Whether Python starts from its memory image now; checked once, as it means reading 15 MB."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.valid = runtime.image_is_valid()

    def entry(self, language: Language) -> str:
        """The entry module of a sandbox, as of now."""
        return self._runtime.entry(language, cold=not self.valid)

    def record(self) -> None:
        """Make the image anew. Raises NotPrepared."""
        record_image(self._runtime)
        self.valid = self._runtime.image_is_valid()


def installed_runtime(settings: Settings) -> Runtime:
    """The runtime folder, prepared. Raises NotPrepared."""
    runtime = runtime_of(settings)
    if not runtime.is_installed():
        raise NotPrepared(
            f"nothing is prepared in {settings.workspace}: run `faaspool prepare` with the same FAAS_WORKSPACE"
        )
    damage = runtime.damage()
    if damage:
        raise NotPrepared(f"{runtime.folder / damage} was changed: run `faaspool prepare` with the same FAAS_WORKSPACE")
    return runtime


def budget_of(settings: Settings) -> Budget:
    """The plan's bounds: what is left beside the service's own process, on this machine or in this container."""
    sandboxes_bytes = max(min(settings.memory_bytes, memory_limit_bytes()) - SERVICE_BYTES, 0)
    room = max(sandboxes_bytes - IDLE_PYTHON_BYTES, SMALLEST_TASK_BYTES)
    return Budget(
        sandboxes_bytes=sandboxes_bytes,
        task_bytes=min(settings.task_memory_bytes + ENGINE_BYTES, room),
        cores=min(cores(), math.ceil(settings.cpus)),
        instances=settings.max_instances if settings.mode is Mode.ENHANCED else MAX_INSTANCES,
    )


class Commands:
    """How a sandbox of each language is started, as of now."""

    def __init__(self, settings: Settings, runtime: Runtime, image: PythonImage, budget: Budget) -> None:
        cpu_seconds = math.ceil(settings.max_timeout_ms / 1000 * cores())
        bounds = Bounds(task_bytes=budget.task_bytes, cpu_seconds=cpu_seconds)
        self.belt = Belt(runtime.deno, (runtime.folder,), bounds, launcher=runtime.launcher)
        require(settings.require_isolation, self.belt)
        self._settings = settings
        self._runtime = runtime
        self._image = image
        self._heap_bytes = max(min(settings.task_memory_bytes, budget.task_bytes), SMALLEST_HEAP_BYTES)

    def __call__(self, language: Language) -> Command:
        """The command of one language."""
        megabytes = self._settings.task_memory_bytes // MIB
        argv = sandbox_argv(self._runtime.deno, self._image.entry(language), heap_megabytes=megabytes)
        return Command(
            language=language,
            argv=tuple(argv),
            environment=self._runtime.environment,
            belt=self.belt,
            hides=str(self._runtime.folder),
            heap_bytes=self._heap_bytes,
            max_output_bytes=self._settings.max_output_bytes,
        )


def commands_of(settings: Settings, runtime: Runtime) -> Commands:
    """The commands for a sandbox outside the service."""
    return Commands(settings, runtime, PythonImage(runtime), budget_of(settings))


def target_of(settings: Settings) -> Target:
    """How sandboxes are made ahead."""
    if settings.mode is Mode.BASIC:
        return Demand(settings.worker_count)
    return Mix(settings.pool_size) if settings.enable_pool else NoneWarm()


class Service:
    """The gateway, the pool behind it, and those who watch both."""

    def __init__(self, settings: Settings, runtime: Runtime, image: PythonImage) -> None:
        enhanced = settings.mode is Mode.ENHANCED
        budget = budget_of(settings)
        commands = Commands(settings, runtime, image, budget)
        release = version("faaspool")
        self.metrics = Metrics(release, settings.memory_bytes) if enhanced and settings.enable_metrics else None
        self.recent = Recent() if enhanced else None
        self.pool = Pool(
            commands,
            budget,
            target_of(settings),
            commands.belt.layers,
            [self.metrics] if self.metrics is not None else [],
        )
        self.gateway = Gateway(
            self.pool,
            limits_of(settings),
            settings.mode,
            prioritised=enhanced and settings.enable_scheduler,
            watchers=[watcher for watcher in (self.metrics, self.recent) if watcher is not None],
        )
        self.tasks = Tasks(self.gateway)
        if self.metrics is not None:
            self.metrics.watch(self.gateway, lambda: process_bytes(os.getpid()) + self.pool.memory_bytes())
        self.app = build_app(
            Parts(
                tasks=self.tasks,
                tokens=settings.api_tokens,
                version=release,
                fairness=settings.fairness_key,
                metrics=self.metrics,
                recent=self.recent,
            )
        )


def limits_of(settings: Settings) -> GatewayLimits:
    """How much the gateway takes on."""
    return GatewayLimits(
        request=RequestLimits(
            code_bytes=settings.max_code_bytes,
            default_timeout_ms=settings.timeout_ms,
            max_timeout_ms=settings.max_timeout_ms,
        ),
        body_bytes=settings.max_body_bytes,
        output_bytes=settings.max_output_bytes,
        workers=settings.worker_count,
        queue_size=settings.queue_size,
        queue_timeout_seconds=settings.queue_timeout_ms / 1000,
    )


def _listen(settings: Settings) -> socket.socket:
    """Raises CannotListen."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        raise CannotListen(
            f"{where}: {os.strerror(error.errno or 0)}; FAAS_HOST and COZE_LOOP_FAAS_PORT name another"
        ) from error


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then finish what runs and return. Raises ExecutorError."""
    runtime = installed_runtime(settings)
    with runtime.in_use(), _listen(settings) as listener:
        await _serve(settings, runtime, listener)
    log.info("stopped")


async def _serve(settings: Settings, runtime: Runtime, listener: socket.socket) -> None:
    hide_from_sandboxes()
    image = PythonImage(runtime)
    service = Service(settings, runtime, image)
    gateway, pool = service.gateway, service.pool
    protocol = bounded_protocol(settings.worker_count + settings.queue_size + SPARE_CONNECTIONS)
    options: dict[str, Any] = {"log_level": "error", "access_log": False, "lifespan": "off", "server_header": False}
    server = Server(uvicorn.Config(service.app, http=protocol, ws="none", **options))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        background = [
            group.create_task(pool.run(), name="pool"),
            group.create_task(service.tasks.run(), name="tasks"),
            group.create_task(_drain(stop, gateway, server, settings.grace_ms / 1000), name="drain"),
            group.create_task(_rebuild(image, pool), name="rebuild-image"),
        ]
        log.info(
            "serving",
            address=f"http://{settings.host}:{settings.port}",
            mode=settings.mode,
            isolation=[str(layer) for layer in pool.isolation],
        )
        for layer, reason in offered().items():
            if reason:
                log.warning("isolation_missing", layer=layer, reason=reason)
        await server.serve(sockets=[listener])
        for task in background:
            task.cancel()


async def _rebuild(image: PythonImage, pool: Pool) -> None:
    """Record a missing or damaged image while Python starts slowly without it."""
    if image.valid:
        return
    pool.notice = "Python's memory image is missing or damaged and is being recorded: Python starts slowly"
    log.warning("image_invalid", effect="Python starts slowly until it is recorded")
    try:
        await asyncio.to_thread(image.record)
    except NotPrepared as error:
        pool.notice = f"Python starts slowly: its memory image cannot be recorded: {error}"
        log.warning("image_not_recorded", reason=str(error))
    else:
        pool.notice = None
        log.info("image_recorded")


async def _drain(stop: asyncio.Event, gateway: Gateway, server: Server, grace_seconds: float) -> None:
    await stop.wait()
    log.info("draining", grace_seconds=grace_seconds)
    await gateway.drain(grace_seconds)
    server.should_exit = True

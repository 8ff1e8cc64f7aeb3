"""Enhanced mode on this machine: the pool, priorities, shares, statistics under a storm, and metrics."""

import http.client
import json
import random
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.service import Client, Service, wait_until

WAIT_SECONDS = 60
SLEEP = "import time\ntime.sleep({})"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service of four warm sandboxes and two workers."""
    settings = {"FAAS_MODE": "enhanced", "FAAS_POOL_SIZE": "4", "FAAS_WORKER_COUNT": "2"}
    with Service(**settings, FAAS_FAIRNESS_KEY="ext:tenant") as running:
        yield running


def health(service: Client) -> dict[str, Any]:
    """What `/health` says; its numbers add up at every instant."""
    body = service.get("/health")[1]
    pool, tasks = body["pool"], body["scheduler"]
    assert pool["totalInstances"] == sum(pool[name + "Instances"] for name in ("idle", "active", "starting"))
    assert tasks["totalTasks"] == sum(tasks[name + "Tasks"] for name in ("completed", "failed", "queued", "running"))
    return body


def samples(service: Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """All that `/metrics` says, read by Prometheus's own parser."""
    with urllib.request.urlopen(service.url + "/metrics") as response:
        text = response.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(service: Client, name: str, **labels: str) -> float:
    """One number of `/metrics`."""
    return samples(service)[name, frozenset(labels.items())]


def is_full(service: Client) -> bool:
    """Whether the pool is at its target and nothing goes on."""
    pool = health(service)["pool"]
    return bool(pool["idleInstances"] == pool["totalInstances"] == 4)


def has_queued(service: Client, count: int) -> bool:
    """Whether so many tasks wait."""
    return bool(health(service)["scheduler"]["queuedTasks"] == count)


def test_the_pool_is_filled_and_filled_again(service: Service) -> None:
    """Before the first task, and after the last."""
    wait_until(lambda: is_full(service), WAIT_SECONDS)
    names = {service.run("1", language)[1]["metadata"]["instance_id"] for language in ("python", "js", "ts")}
    assert len(names) == 3
    wait_until(lambda: is_full(service), WAIT_SECONDS)
    assert value(service, "faaspool_tasks_by_start_total", start="warm") >= 3


def test_urgent_tasks_overtake(service: Service) -> None:
    """With both workers busy, what waits is served by class."""
    order: list[str] = []

    def run(priority: str, seconds: float) -> None:
        assert service.run(SLEEP.format(seconds), "python", priority=priority)[0] == 200
        order.append(priority)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(2):
            pool.submit(run, "normal", 3)
        wait_until(lambda: health(service)["scheduler"]["runningTasks"] == 2, WAIT_SECONDS)
        for count, priority in enumerate(("low", "high", "urgent"), 1):
            pool.submit(run, priority, 0.3)
            wait_until(partial(has_queued, service, count), WAIT_SECONDS)
    assert order[:2] == ["normal", "normal"]
    assert order[-1] == "low"
    wait_until(lambda: is_full(service), WAIT_SECONDS)


def test_a_caller_with_many_tasks_does_not_keep_others_waiting(service: Service) -> None:
    """While both workers are busy one caller queues eight tasks, then another queues one: it is not the last."""
    order: list[str] = []

    def run(tenant: str, seconds: float) -> None:
        assert service.run(SLEEP.format(seconds), "python", ext={"tenant": tenant})[0] == 200
        order.append(tenant)

    with ThreadPoolExecutor(12) as pool:
        for _ in range(2):
            pool.submit(run, "first", 3)
        wait_until(lambda: health(service)["scheduler"]["runningTasks"] == 2, WAIT_SECONDS)
        for _ in range(8):
            pool.submit(run, "greedy", 0.2)
        wait_until(partial(has_queued, service, 8), WAIT_SECONDS)
        pool.submit(run, "modest", 0.2)
    assert order.count("greedy") == 8
    assert order.index("modest") < 6
    wait_until(lambda: is_full(service), WAIT_SECONDS)


def hang_up(service: Client, code: str) -> None:
    """Send a task and go away."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    connection.request("POST", "/run_code", json.dumps({"language": "python", "code": code}).encode())
    connection.close()


def test_the_numbers_add_up_in_a_storm(service: Service) -> None:
    """Time-outs, crashes, kills, cancelling and hang-ups, with `/health` read all along."""
    before = health(service)["scheduler"]
    stop = threading.Event()
    seeds = random.Random(7)  # noqa: S311 -- the same storm each time

    def watch() -> int:
        reads = 0
        while not stop.is_set():
            health(service)
            reads += 1
        return reads

    def one(kind: str) -> None:
        if kind == "timeout":
            service.run("while True: pass", "python", timeout=100)
        elif kind == "crash":
            service.run("Deno.exit(3)", "js")
        elif kind == "hang up":
            hang_up(service, SLEEP.format(5))
        else:
            service.run("1", "python")

    with ThreadPoolExecutor(8) as pool:
        watching = pool.submit(watch)
        kinds = [seeds.choice(["timeout", "crash", "hang up", "fine"]) for _ in range(40)]
        for storm in [pool.submit(one, kind) for kind in kinds]:
            storm.result()
        stop.set()
        assert watching.result() > 0
    wait_until(lambda: is_full(service), WAIT_SECONDS)
    after = health(service)["scheduler"]
    assert (after["queuedTasks"], after["runningTasks"], after["failedTasks"]) == (0, 0, before["failedTasks"])
    done = sum(after[name] - before[name] for name in ("completedTasks", "cancelledTasks"))
    assert done == len(kinds)


def test_metrics_count_what_happened(service: Service) -> None:
    """By language, class and status; labels are closed lists; the parser of Prometheus reads it all."""
    labels = {"language": "python", "priority": "high", "status": "timeout"}
    before = value(service, "faaspool_tasks_total", **labels)
    cpu = value(service, "faaspool_task_cpu_seconds_total", language="python")
    service.run("while True: pass", "python", timeout=300, priority="high")
    assert value(service, "faaspool_tasks_total", **labels) == before + 1
    wait_until(lambda: value(service, "faaspool_task_cpu_seconds_total", language="python") > cpu, WAIT_SECONDS)
    wait_until(lambda: is_full(service), WAIT_SECONDS)
    found = samples(service)
    assert found["faaspool_sandboxes", frozenset({("state", "idle")})] == 4
    assert found["faaspool_memory_bytes", frozenset()] > 100 << 20
    assert len(found) < 1000


def test_metrics_do_not_grow_with_what_clients_send(service: Service) -> None:
    """Whatever they call themselves."""
    service.run("1", "js")
    before = samples(service).keys()
    for number in range(20):
        service.run("1", "js", ext={"tenant": str(number)})
    assert samples(service).keys() == before


def settled(pool: dict[str, int]) -> bool:
    """Whether all ten are ready or held back."""
    return pool["idleInstances"] + pool["heldBackInstances"] == 10 and not pool["startingInstances"]


@pytest.mark.parametrize(("memory", "idle"), [("512M", 3), ("2G", 10)])
def test_warm_sandboxes_fit_the_memory(memory: str, idle: int) -> None:
    """Three inside 512 MiB, the others held back with the reason; ten inside 2 GiB."""
    with Service(FAAS_MODE="enhanced", FAAS_MEMORY_LIMIT=memory) as service:
        wait_until(lambda: settled(health(service)["pool"]), WAIT_SECONDS)
        body = health(service)
        assert body["pool"]["idleInstances"] >= idle
        assert body["status"] == ("healthy" if idle == 10 else "degraded")
        if idle < 10:
            assert "held back" in body["reasons"][0]
        limit = {"512M": 512, "2G": 2048}[memory] << 20
        assert value(service, "faaspool_memory_bytes") < limit


@pytest.mark.parametrize(
    ("part", "path"), [("FAAS_ENABLE_POOL", "/health"), ("FAAS_ENABLE_METRICS", "/metrics"), ("", "/")]
)
def test_each_part_can_be_off(part: str, path: str) -> None:
    """Without the pool nothing is warm and tasks run; without metrics there are none."""
    with Service(FAAS_MODE="enhanced", FAAS_POOL_SIZE="2", **({part: "false"} if part else {})) as service:
        assert service.run("1 + 1", "js")[1]["output"]["ret_val"] == "2"
        if part == "FAAS_ENABLE_POOL":
            wait_until(lambda: health(service)["pool"]["totalInstances"] == 0, WAIT_SECONDS)
        elif part == "FAAS_ENABLE_METRICS":
            assert service.get(path) == (404, {"error": "Metrics disabled in current mode"})
        else:
            assert value(service, "faaspool_tasks_running") == 0


def test_tokens_keep_tasks_and_statistics_apart() -> None:
    """One token's tasks are not found with another; the page's numbers need one."""
    with Service(FAAS_MODE="enhanced", FAAS_POOL_SIZE="1", FAAS_API_TOKENS="one,two") as service:

        def ask(method: str, path: str, token: str) -> tuple[int, dict[str, Any]]:
            body = b'{"language": "js", "code": "1"}' if method == "POST" else None
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            connection = http.client.HTTPConnection("127.0.0.1", service.port)
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            try:
                return answer.status, json.loads(answer.read())
            finally:
                connection.close()

        status, task = ask("POST", "/run_code?wait=false", "one")
        assert status == 202
        path = f"/tasks/{task['task_id']}"
        assert [ask("GET", path, token)[0] for token in ("one", "two", "")] == [200, 404, 401]
        assert [ask("DELETE", path, token)[0] for token in ("two", "")] == [404, 401]
        assert [ask("GET", "/stats", token)[0] for token in ("one", "")] == [200, 401]


def test_the_pages_numbers(service: Service) -> None:
    """The last tasks are there without their code and without the id that would find their output."""
    answer = service.run("'secret-' + 'word'", "js")[1]
    status, stats = service.get("/stats")
    assert status == 200
    assert stats["tasks"][0]["status"] == "ok"
    text = json.dumps(stats)
    assert "secret" not in text
    assert answer["metadata"]["task_id"] not in text
    assert len(stats["bins"]) * stats["binSeconds"] == 300


def test_basic_mode_is_healthy_with_what_it_has() -> None:
    """It warms by demand and as memory allows: nobody asked for more."""
    with Service(FAAS_MEMORY_LIMIT="256M") as service:
        for language in ("python", "js", "ts") * 2:
            assert service.run("1", language)[0] == 200
        wait_until(lambda: len(service.children()) > 0, WAIT_SECONDS)
        assert service.get("/health")[1]["status"] == "healthy"

"""The container that Compose has started: its limits, its rights, its end."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.service import START_SECONDS, Client, wait_until

NAME = "coze-loop-faas"


def docker(*arguments: str) -> str:
    """What a docker command prints."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout


def inspect(name: str = NAME) -> dict[str, Any]:
    """All that the engine knows of a container."""
    found: dict[str, Any] = json.loads(docker("inspect", name))[0]
    return found


@pytest.fixture(scope="module")
def client() -> Client:
    """A client of the container, once its own health check says that it serves."""
    wait_until(lambda: inspect()["State"]["Health"]["Status"] == "healthy", START_SECONDS)
    return Client(int(os.environ.get("COZE_LOOP_FAAS_PORT", "8889")))


@pytest.fixture
def small() -> Iterator[Client]:
    """A container with a quarter of a gigabyte."""
    port, image = 18890, os.environ.get("FAAS_IMAGE", "faaspool-executor")
    limits = ["--memory", "256m", "--memory-swap", "256m", "--read-only", "--cap-drop", "ALL"]
    name = docker("run", "--detach", *limits, "--publish", f"127.0.0.1:{port}:8889", image).strip()
    try:
        client = Client(port)
        wait_until(lambda: client.get("/readyz")[0] == 200, START_SECONDS)
        yield client
        assert inspect(name)["State"]["Running"]
    finally:
        docker("rm", "--force", name)


def test_the_container_has_no_rights(client: Client) -> None:
    """No root, no capability, nothing to write to, and Docker's own limits."""
    assert client.run("1 + 1", "python")[0] == 200
    found = inspect()
    host = found["HostConfig"]
    assert found["Config"]["User"] == "65532:65532"
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False)
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert (host["Memory"], host["NanoCpus"]) == (2 << 30, 1_000_000_000)


def test_every_setting_is_passed_through() -> None:
    """Compose knows all variables of the service but those that make no sense there."""
    given = {entry.partition("=")[0] for entry in inspect()["Config"]["Env"]}
    page = docker("run", "--rm", os.environ.get("FAAS_IMAGE", "faaspool-executor"), "serve", "--help")
    variables = {line.split()[0] for line in page.splitlines() if line.strip().startswith(("FAAS_", "COZE_"))}
    assert len(variables) > 20
    assert variables <= given


def test_it_serves_and_survives_in_256_mib(small: Client) -> None:
    """All languages, and programs that take all memory: each is ended, the service is not."""
    hungry = {
        "python": "a = []\nwhile True: a.append(bytearray(1 << 20))",
        "javascript": "const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1))",
    }
    for language in ("python", "javascript", "typescript") * 2:
        assert small.run("1 + 1", language)[1]["output"]["ret_val"] == "2"
    for language, code in hungry.items():
        for _ in range(3):
            assert small.run(code, language)[1]["metadata"]["status"] in {"memory_limit", "error"}
    assert small.run("1 + 1", "python")[1]["output"]["ret_val"] == "2"
    wait_until(lambda: small.get("/health")[1].get("status") == "healthy", START_SECONDS)

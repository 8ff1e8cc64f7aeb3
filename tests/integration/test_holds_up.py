"""The service under what goes wrong: time-outs in masses, clients that leave, shutdown, a broken image."""

import json
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from faaspool_executor.app import installed_runtime
from faaspool_executor.errors import NotPrepared
from faaspool_executor.sandbox.runtime import Runtime, find_deno
from faaspool_executor.settings import load_settings
from tests.integration.service import Service, wait_until

FOREVER = "for (;;);"


def workspace() -> Path:
    """The prepared workspace of this run."""
    return load_settings().workspace


def test_many_tasks_leave_no_process_and_no_descriptor() -> None:
    """After a thousand tasks there are as many children, descriptors and bytes as before, nearly."""
    with Service(FAAS_WORKER_COUNT="2") as service, ThreadPoolExecutor(4) as clients:
        assert [status for status, _ in clients.map(service.run, ["1"] * 8)] == [200] * 8
        wait_until(lambda: len(service.children()) <= 4)
        before, memory = service.descriptors(), service.memory_bytes()

        answers = list(clients.map(service.run, ["1+1"] * 1000))

        assert {(status, body["output"]["ret_val"]) for status, body in answers} == {(200, "2")}
        wait_until(lambda: len(service.children()) <= 4)
        wait_until(lambda: service.descriptors() <= before + 8)
        assert service.memory_bytes() < memory + (16 << 20)


def test_061_tasks_that_time_out_together_leave_a_service_that_serves() -> None:
    """Fifty time-outs at once: each is answered as one, and the next tasks run."""
    with Service() as service, ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(lambda code: service.run(code, timeout=300), [FOREVER] * 50))

        assert {body["metadata"]["status"] for _, body in answers} == {"timeout"}
        wait_until(lambda: service.sleeping_children() >= 10)
        assert service.run("1+1", "python")[1]["output"]["ret_val"] == "2"
        assert service.get("/health")[1]["status"] == "healthy"


def test_059_a_client_that_hangs_up_frees_its_sandbox() -> None:
    """With one worker, a task whose client has gone does not hold up the next."""
    with Service(FAAS_WORKER_COUNT="1") as service:
        body = json.dumps({"language": "javascript", "code": FOREVER, "timeout": 80_000}).encode()
        head = f"POST /run_code HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", service.port)) as client:
            client.sendall(head + body)

        status, answer = service.run("1+1")

        assert (status, answer["output"]["ret_val"]) == (200, "2")


def test_a_full_queue_refuses_with_retry_after() -> None:
    """One runs, one waits, the third is refused."""
    with Service(FAAS_WORKER_COUNT="1", FAAS_QUEUE_SIZE="1") as service, ThreadPoolExecutor(6) as clients:
        answers = list(clients.map(lambda code: service.run(code, timeout=1500), [FOREVER] * 6))

        statuses = sorted(status for status, _ in answers)
        assert statuses == [200, 200, 429, 429, 429, 429]
        assert all(body["error"] for status, body in answers if status == 429)


def test_shutdown_finishes_what_runs_and_refuses_what_comes() -> None:
    """SIGTERM: the running task gets its answer, a new one gets 503, the exit code is 0."""
    with Service() as service, ThreadPoolExecutor(2) as clients:
        slow = "const end = Date.now() + 3000; while (Date.now() < end); 'done'"
        wait_until(lambda: service.sleeping_children() == len(service.children()) >= 3)
        running = clients.submit(service.run, slow)
        wait_until(lambda: service.sleeping_children() < len(service.children()))
        stopped = clients.submit(service.stop)
        wait_until(lambda: service.get("/readyz")[0] in (0, 503))

        refused, _ = service.run("1")

        assert refused in (0, 503)
        assert running.result()[1]["output"]["ret_val"] == '"done"'
        assert stopped.result() == 0


def test_tokens_are_required_where_they_are_set() -> None:
    """Without the token there is a 401."""
    with Service(FAAS_API_TOKENS="one,two") as service:
        status, body = service.run("1")

        assert status == 401
        assert body["error"]


@pytest.mark.parametrize("name", ["vendor/pyodide.asm.wasm", "vendor/python_stdlib.zip", "src/wire.ts"])
def test_a_changed_file_of_the_runtime_stops_the_start(tmp_path: Path, name: str) -> None:
    """One byte is enough; the file is named, and `prepare` puts it right."""
    runtime = Runtime(workspace(), find_deno())
    copy = Runtime(tmp_path, find_deno())
    shutil.copytree(runtime.folder, copy.folder)
    with (copy.folder / name).open("r+b") as file:
        file.seek(100)
        byte = file.read(1)
        file.seek(100)
        file.write(bytes([byte[0] ^ 1]))

    with pytest.raises(NotPrepared, match=f"{name} was changed: run `faaspool prepare`"):
        installed_runtime(replace(load_settings(), workspace=tmp_path))


def test_083_a_damaged_image_is_recorded_anew_while_the_service_serves(tmp_path: Path) -> None:
    """A truncated image: degraded at first, right answers all along, healthy in the end."""
    runtime = Runtime(workspace(), find_deno())
    shutil.copytree(runtime.folder, tmp_path / runtime.folder.name)
    image = tmp_path / runtime.folder.name / "python.image"
    whole = image.stat().st_size
    with image.open("r+b") as file:
        file.truncate(1000)

    with Service(FAAS_WORKSPACE=str(tmp_path)) as service:
        first = service.get("/health")[1]["status"]
        answer = service.run("1+1", "python")[1]
        wait_until(lambda: service.get("/health")[1]["status"] == "healthy")

        assert first == "degraded"
        assert answer["output"]["ret_val"] == "2"
        assert abs(image.stat().st_size - whole) < whole // 10
        assert service.run("2+2", "python")[1]["output"]["ret_val"] == "4"


def test_089_what_lies_around_configures_no_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configuration files in the working folder and variables of Deno and Node: sandboxes see none of it."""
    (tmp_path / "deno.json").write_text(
        '{"imports": {"node:path": "./evil.js"}, "permissions": {"default": {"all": true}}}'
    )
    (tmp_path / "package.json").write_text('{"type": "commonjs", "imports": {"#x": "./evil.js"}}')
    (tmp_path / ".npmrc").write_text("registry=http://127.0.0.1:1/")
    monkeypatch.chdir(tmp_path)
    hostile = {
        "NODE_OPTIONS": "--require=/nonexistent.js",
        "DENO_V8_FLAGS": "--no-such-flag",
        "DENO_CERT": "/nonexistent",
        "DENO_PERMISSION_BROKER_PATH": "/nonexistent",
        "DENO_AUTH_TOKENS": "secret@127.0.0.1",
        "DENO_DIR": str(tmp_path / "cache"),
        "HTTP_PROXY": "http://127.0.0.1:1",
        "LD_PRELOAD_OF_NOBODY": "x",
    }
    with Service(**hostile) as service:
        for language in ("python", "javascript", "typescript"):
            assert service.run("1 + 1", language)[1]["output"] == {"stdout": "", "stderr": "", "ret_val": "2"}
        answer = service.run("try { Deno.readTextFileSync('/etc/passwd') } catch (e) { return e.name }")[1]
        assert answer["output"]["ret_val"] == '"NotCapable"'
        assert not (tmp_path / "cache").exists()


def talks(pid: int) -> bool | None:
    """Whether a sandbox has a socket of a network; None where it is gone, or not Deno yet."""
    tables = [Path(f"/proc/net/{name}") for name in ("tcp", "tcp6", "udp", "udp6")]
    used = {line.split()[9] for table in tables if table.exists() for line in table.read_text().splitlines()[1:]}
    try:
        if Path(f"/proc/{pid}/exe").readlink().name != "deno":
            return None
        links = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()]
        told = b"DENO_NO_UPDATE_CHECK=1" in Path(f"/proc/{pid}/environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return not told or bool(used & {link.removeprefix("socket:[").removesuffix("]") for link in links})


def test_090_sandboxes_talk_to_nobody() -> None:
    """No update check, no telemetry: an idle sandbox has no socket of any network."""
    with Service() as service:
        for language in ("python", "javascript", "typescript"):
            service.run("1", language)

        def three_are_silent() -> bool:
            found = [talks(pid) for pid in service.children()]
            assert True not in found
            return found.count(False) >= 3

        wait_until(three_are_silent)

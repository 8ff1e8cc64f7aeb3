"""Output as it comes, tasks by their id, cancelling, and requests that are sent again: in both modes."""

from __future__ import annotations

import json
import secrets
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.shape import check_error, check_metadata, check_refusal

if TYPE_CHECKING:
    from tests.conformance.client import Client, Response

ENDLESS = {"language": "python", "code": "print('begun', flush=True)\nwhile True: pass", "timeout": 60000}
STREAM = {"Accept": "text/event-stream"}
POLL_SECONDS = 0.02
WAIT_SECONDS = 60


def post(client: Client, payload: object, path: str = "/run_code", **headers: str) -> Response:
    """Send a task with headers of its own."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request("POST", path, json.dumps(payload).encode(), names)


def begin(client: Client, payload: object) -> str:
    """Send a task without waiting for it; return its id."""
    response = post(client, payload, "/run_code?wait=false")
    assert response.status == 202, response.text
    task_id = response.body["task_id"]
    assert response.headers["location"] == f"/tasks/{task_id}"
    assert response.body["state"] in ("queued", "running")
    return str(task_id)


def until(client: Client, task_id: str, *states: str) -> dict[str, Any]:
    """Poll a task until it is in one of the states."""
    pause = threading.Event()
    for _ in range(round(WAIT_SECONDS / POLL_SECONDS)):
        response = client.get(f"/tasks/{task_id}")
        assert response.status == 200, response.text
        if response.body["state"] in states:
            return response.body
        pause.wait(POLL_SECONDS)
    raise AssertionError(f"{task_id} is {response.body['state']}, not {states}")


def events(response: Response) -> list[tuple[str, Any]]:
    """The events of a stream."""
    assert response.status == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in response.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "import sys\nprint('a\\nb é')\nprint('bad', file=sys.stderr)\n1 + 1"),
        ("javascript", "console.log('a\\nb é'); console.error('bad'); return 1 + 1"),
        ("typescript", "console.log('a\\nb é'); console.error('bad'); const x: number = 2; return x"),
    ],
)
def test_the_events_of_a_task(client: Client, language: str, code: str) -> None:
    """First its id, then its output, last the ordinary answer, which holds the same."""
    found = events(post(client, {"language": language, "code": code}, Accept="text/event-stream"))
    assert [found[0][0], found[-1][0]] == ["task", "result"]
    answer = found[-1][1]
    check_metadata(answer["metadata"])
    assert found[0][1] == {"task_id": answer["metadata"]["task_id"]}
    for stream in ("stdout", "stderr"):
        assert "".join(data["text"] for name, data in found if name == stream) == answer["output"][stream]
    assert answer["output"] == {"stdout": "a\nb é\n", "stderr": "bad\n", "ret_val": "2"}


def test_output_comes_while_the_program_runs(client: Client) -> None:
    """The first line is read before the program has ended: it is cancelled after it."""
    seen: list[str] = []
    for line in client.lines("POST", "/run_code", json.dumps(ENDLESS).encode(), STREAM):
        seen.append(line)
        if '"text":"begun' in line:
            task_id = json.loads(seen[1].removeprefix("data: "))["task_id"]
            assert client.request("DELETE", f"/tasks/{task_id}").status == 200
    result = json.loads(seen[seen.index("event: result") + 1].removeprefix("data: "))
    assert result["metadata"]["status"] == "cancelled"
    assert result["output"]["stdout"].rstrip("\n") == "begun"


def test_a_stream_is_cut_where_the_answer_is(client: Client) -> None:
    """What is beyond the limit is in neither."""
    code = "for _ in range(20): print('é' * 100_000)"
    found = events(post(client, {"language": "python", "code": code}, Accept="text/event-stream"))
    answer = found[-1][1]
    assert answer["metadata"]["truncated"]["stdout"] is True
    assert "".join(data["text"] for name, data in found if name == "stdout") == answer["output"]["stdout"]


def test_a_request_that_is_not_valid_is_no_stream(client: Client) -> None:
    """It gets the ordinary error."""
    check_refusal(post(client, {"language": "cobol", "code": ""}, Accept="text/event-stream"), 400)


def test_a_task_that_nobody_waits_for(client: Client) -> None:
    """Its answer is there once it has ended, the same each time."""
    task_id = begin(client, {"language": "python", "code": "print('x')\n21 * 2"})
    body = until(client, task_id, "completed")
    assert body["answer"]["output"] == {"stdout": "x\n", "stderr": "", "ret_val": "42"}
    assert check_metadata(body["answer"]["metadata"])["task_id"] == task_id
    assert client.get(f"/tasks/{task_id}").body == body


def test_a_running_task_is_cancelled(client: Client) -> None:
    """Its answer tells, with what it printed; once it has ended there is nothing to cancel."""
    task_id = begin(client, ENDLESS)
    until(client, task_id, "running")
    response = client.request("DELETE", f"/tasks/{task_id}")
    assert response.status == 200
    assert response.body["state"] == "cancelled"
    answer = response.body["answer"]
    check_metadata(answer["metadata"])
    assert check_error(answer, answer["metadata"]["status"]) == "Cancelled"
    check_refusal(client.request("DELETE", f"/tasks/{task_id}"), 409)


def test_the_one_who_waits_for_a_cancelled_task_is_answered(client: Client) -> None:
    """With a 200, so that no client sends it again."""
    key = secrets.token_hex(8)
    answers: list[Response] = []
    waiting = threading.Thread(target=lambda: answers.append(post(client, ENDLESS, Idempotency_Key=key)))
    waiting.start()
    second = post(client, ENDLESS, "/run_code?wait=false", Idempotency_Key=key)
    task_id = second.body["task_id"]
    until(client, task_id, "running")
    assert client.request("DELETE", f"/tasks/{task_id}").status == 200
    waiting.join()
    assert answers[0].status == 200
    assert answers[0].body["metadata"]["task_id"] == task_id
    assert answers[0].body["metadata"]["status"] == "cancelled"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("task_id", ["task-1-0", "x", "%00", "..%2Fhealth"])
def test_unknown_tasks(client: Client, method: str, task_id: str) -> None:
    """There are none of these."""
    check_refusal(client.request(method, f"/tasks/{task_id}"), 404)


def test_a_request_that_is_sent_again_runs_once(client: Client) -> None:
    """The second gets the first one's answer, and a header that says so; another body under its key is refused."""
    key = secrets.token_hex(8)
    task = {"language": "python", "code": "import uuid\nstr(uuid.uuid4())"}
    first, second = post(client, task, Idempotency_Key=key), post(client, task, Idempotency_Key=key)
    assert first.body == second.body
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert post(client, task, Idempotency_Key=key + "2").body["output"] != first.body["output"]
    check_refusal(post(client, {**task, "timeout": 5000}, Idempotency_Key=key), 409)


def test_hanging_up_does_not_end_a_task_that_may_be_sent_again(client: Client) -> None:
    """A retry after a broken connection finds it."""
    key = secrets.token_hex(8)
    task = {"language": "python", "code": "import time\ntime.sleep(1)\n'done'"}
    client.hang_up_on(task, {"Idempotency-Key": key})
    assert post(client, task, Idempotency_Key=key).body["output"]["ret_val"] == '"done"'


@pytest.mark.parametrize(
    ("path", "headers", "names"),
    [
        ("/run_code?wait=maybe", {}, "wait"),
        ("/run_code?wait=false", STREAM, "Accept"),
        ("/run_code", {**STREAM, "Idempotency-Key": "k"}, "Accept"),
        ("/run_code", {"Idempotency-Key": ""}, "Idempotency-Key"),
        ("/run_code", {"Idempotency-Key": "k" * 256}, "Idempotency-Key"),
    ],
)
def test_what_cannot_be_asked_for(client: Client, path: str, headers: dict[str, str], names: str) -> None:
    """The answer names it."""
    response = client.request("POST", path, b'{"language": "python", "code": ""}', headers)
    check_refusal(response, 400)
    assert response.body["details"].startswith(names)

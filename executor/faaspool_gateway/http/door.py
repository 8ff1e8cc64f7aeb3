"""`POST /run_code` and what can be done with a task by its id."""

import asyncio
import hmac

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from faaspool_contract.errors import BodyTooLarge, BodyTooSlow, ContractError, InvalidRequest
from faaspool_contract.request import RunRequest, parse_request
from faaspool_gateway.errors import GatewayError
from faaspool_gateway.http.events import Output, events
from faaspool_gateway.http.protocol import BODY_SECONDS
from faaspool_gateway.http.responses import HEADERS, answer, problem, refusal
from faaspool_gateway.ports import FairnessKey
from faaspool_gateway.tasks import Record, Sender, Tasks, digest
from faaspool_gateway.ticket import Ticket

MAX_KEY_CHARACTERS = 255
CLIENT_GONE = 499
"""Never seen by anyone: the client that would read it has hung up."""
EVENT_STREAM = "text/event-stream"


class Door:
    """Takes requests that concern tasks."""

    def __init__(self, tasks: Tasks, tokens: tuple[str, ...], fairness: FairnessKey | None) -> None:
        self.tasks = tasks
        self._owners = {f"Bearer {token}".encode(): digest(token.encode()) for token in tokens}
        self._fairness = fairness

    def owner(self, request: Request) -> bytes | None:
        """Whose request it is; None where it has to carry a token and does not. Compared in constant time."""
        given = request.headers.get("authorization", "").encode()
        found = [owner for token, owner in self._owners.items() if hmac.compare_digest(given, token)]
        return (found[0] if found else None) if self._owners else b""

    async def run_code(self, request: Request) -> Response:
        """Carry out `POST /run_code`."""
        owner = self.owner(request)
        if owner is None:
            return unauthorized()
        limits = self.tasks.gateway.limits
        try:
            body = await read_body(request, limits.body_bytes)
            parsed = parse_request(body, limits.request)
            key = idempotency_key(request)
            sender = Sender(owner=owner, idempotency_key=key, body_digest=digest(body) if key else b"")
            return await self._run(request, parsed, sender)
        except (ContractError, GatewayError) as error:
            return refusal(error)
        except ClientDisconnect:
            return Response(status_code=CLIENT_GONE)

    async def get_task(self, task_id: str, request: Request) -> Response:
        """Answer `GET /tasks/{task_id}`."""
        record = self._find(task_id, request)
        return record if isinstance(record, Response) else answer(200, description(record))

    async def delete_task(self, task_id: str, request: Request) -> Response:
        """Answer `DELETE /tasks/{task_id}`: end it, wherever it is."""
        record = self._find(task_id, request)
        if isinstance(record, Response):
            return record
        if record.done.is_set():
            return problem(409, "The task has ended", f"its state is {record.state}")
        record.ticket.cancel()
        await record.done.wait()
        return answer(200, description(record))

    def _find(self, task_id: str, request: Request) -> Record | Response:
        owner = self.owner(request)
        if owner is None:
            return unauthorized()
        return self.tasks.find(task_id, owner) or problem(404, "No such task", "unknown, or no longer kept")

    async def _run(self, request: Request, parsed: RunRequest, sender: Sender) -> Response:
        wait, streams = waits(request), EVENT_STREAM in request.headers.get("accept", "")
        if streams and (sender.idempotency_key is not None or not wait):
            raise InvalidRequest("Accept", f"{EVENT_STREAM} goes neither with wait=false nor with Idempotency-Key")
        output = Output(self.tasks.gateway.limits.output_bytes) if streams else None
        again = self.tasks.again(sender)
        record = again or self.tasks.submit(
            Ticket(parsed, self._caller(request, parsed), output), sender, detached=not wait
        )
        if wait and output is None:
            return await while_connected(record, request, replayed=again is not None)
        await record.admitted.wait()
        if record.error is not None:
            record.result()
        if output is None:
            return answer(202, description(record), Location=f"/tasks/{record.ticket.task_id}")
        headers = HEADERS | {"X-Accel-Buffering": "no"}
        return StreamingResponse(events(record, output), headers=headers, media_type=EVENT_STREAM)

    def _caller(self, request: Request, parsed: RunRequest) -> str:
        if self._fairness is None:
            return ""
        name = self._fairness.name
        return request.headers.get(name, "") if self._fairness.header else parsed.ext.get(name, "")


async def read_body(request: Request, limit: int) -> bytes:
    """The body, at most `limit` bytes of it. Raises BodyTooLarge or BodyTooSlow."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise BodyTooLarge(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise BodyTooLarge(limit)
    except TimeoutError:
        raise BodyTooSlow(BODY_SECONDS) from None
    return bytes(body)


async def hung_up(request: Request) -> None:
    """Return when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        continue


async def while_connected(record: Record, request: Request, *, replayed: bool) -> Response:
    """Wait for a task; give it up when its client hangs up."""
    done = asyncio.ensure_future(record.done.wait())
    gone = asyncio.ensure_future(hung_up(request))
    try:
        await asyncio.wait((done, gone), return_when=asyncio.FIRST_COMPLETED)
        if not record.done.is_set():
            return Response(status_code=CLIENT_GONE)
        headers = {"Idempotent-Replayed": "true"} if replayed else {}
        return answer(200, record.result(), **headers)
    finally:
        record.abandon()
        done.cancel()
        gone.cancel()
        await asyncio.gather(done, gone, return_exceptions=True)


def unauthorized() -> Response:
    """The answer to a request without the token that it needs."""
    return problem(401, "Missing or wrong credentials")


def waits(request: Request) -> bool:
    """Whether the client waits for the answer. Raises InvalidRequest."""
    text = request.query_params.get("wait", "true").lower()
    if text not in ("true", "false"):
        raise InvalidRequest("wait", "must be true or false")
    return text == "true"


def idempotency_key(request: Request) -> str | None:
    """The key of a request that may be sent again. Raises InvalidRequest."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= MAX_KEY_CHARACTERS:
        raise InvalidRequest("Idempotency-Key", f"must have 1 to {MAX_KEY_CHARACTERS} characters")
    return key


def description(record: Record) -> dict[str, object]:
    """A task as `/tasks` tells it."""
    body: dict[str, object] = {"task_id": record.ticket.task_id, "state": record.state}
    if record.answer is not None:
        body["answer"] = record.answer
    if record.error is not None:
        body["error"] = record.error.title if isinstance(record.error, GatewayError) else "Internal error"
        body["details"] = str(record.error) if isinstance(record.error, GatewayError) else "see the service's log"
    return body

"""Every abuse ends with a service that is well and serves the next task, in a slot that is free again."""

from collections.abc import Iterator

import pytest

from tests.conformance.client import Client, Run


@pytest.fixture(autouse=True)
def serves_afterwards(run: Run, client: Client) -> Iterator[None]:
    """The next, unrelated tasks find a fresh world."""
    yield
    for code, language in (("[1, 'a'].map((x) => x)", "javascript"), ("result = [1, 'a']", "python")):
        answer = run(code, language, timeout=60_000)
        assert (answer.status, answer.stdout, answer.stderr) == ("ok", "", "")
        assert answer.ret_val.replace(" ", "") == '[1,"a"]'
    assert client.get("/health").body["status"] in {"healthy", "degraded"}

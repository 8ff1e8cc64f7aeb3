"""Prometheus's own tools on the configuration, and a real Prometheus that asks the dashboard's questions."""

import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.integration.service import Client, Service, free_port, wait_until

FOLDER = Path(__file__).parents[2] / "compose" / "monitoring"
needs_prometheus = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="apt-get install prometheus for these tests"
)


def promtool(*arguments: str) -> None:
    """Run it; what it says is shown where it finds fault."""
    result = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)  # noqa: S607
    assert result.returncode == 0, result.stdout + result.stderr


@needs_prometheus
def test_the_configuration_is_right() -> None:
    """Its rules too."""
    promtool("check", "config", "prometheus.yml")


@needs_prometheus
def test_the_alerts_fire_when_they_should() -> None:
    """And not when all is well."""
    promtool("test", "rules", "alerts.test.yml")


def queries() -> list[str]:
    """What the dashboard asks."""
    dashboard = json.loads((FOLDER / "grafana" / "faaspool.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


@needs_prometheus
def test_a_real_prometheus_answers_the_dashboard(tmp_path: Path) -> None:
    """Each question has an answer once tasks have run and been scraped."""
    with Service(FAAS_MODE="enhanced", FAAS_POOL_SIZE="2") as service:
        port = free_port()
        config = (FOLDER / "prometheus.yml").read_text().replace("coze-loop-faas:8889", f"127.0.0.1:{service.port}")
        config = re.sub(r"(scrape|evaluation)_interval: 15s", r"\1_interval: 1s", config)
        (tmp_path / "prometheus.yml").write_text(config)
        shutil.copy(FOLDER / "alerts.yml", tmp_path)
        command = ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
        command.append(f"--web.listen-address=127.0.0.1:{port}")
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as prometheus:
            try:
                for query in queries():
                    wait_until(lambda query=query: answers(service, port, query))  # type: ignore[misc]
            finally:
                prometheus.kill()


def answers(service: Client, port: int, query: str) -> bool:
    """Whether Prometheus knows an answer now; a task before it gives it something to count."""
    service.run("1", "js")
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(query)}"
        ) as response:
            body: dict[str, Any] = json.load(response)
    except OSError:
        return False
    assert body["status"] == "success"
    return bool(body["data"]["result"])

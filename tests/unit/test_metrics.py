"""Metrics and their page."""

from pathlib import Path

from faaspool_gateway.metrics import metrics_page


def test_the_page_of_the_documentation_is_of_this_code() -> None:
    """`make docs` was run."""
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    assert page.read_text() == metrics_page()

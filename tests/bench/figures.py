"""Figures with their spread, and the table of them."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured, what was seen, and what was to be reached."""

    what: str
    seen: str
    reach: str = ""


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 1).__int__() - 1)]


def spread(values: Sequence[float], unit: str, digits: int = 1) -> str:
    """Median, and the middle half around it."""
    low, high = quantile(values, 0.25), quantile(values, 0.75)
    return f"{statistics.median(values):.{digits}f} {unit} ({low:.{digits}f}-{high:.{digits}f}, n={len(values)})"


def percentiles(values: Sequence[float], unit: str) -> str:
    """The 50th and the 99th percentile."""
    return f"p50 {quantile(values, 0.5):.1f} / p99 {quantile(values, 0.99):.1f} {unit} (n={len(values)})"


def machine() -> str:
    """The machine that it was measured on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB, Linux {platform.release()}"


def table(figures: Sequence[Figure]) -> str:
    """The figures as Markdown."""
    rows = ["| what | seen | to reach |", "| --- | --- | --- |"]
    rows += [f"| {figure.what} | {figure.seen} | {figure.reach} |" for figure in figures]
    return "\n".join(rows)

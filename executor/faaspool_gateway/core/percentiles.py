"""Percentiles of a sample by the nearest rank."""

import math
from collections.abc import Sequence

SHARES = {"p50": 0.50, "p90": 0.90, "p99": 0.99}


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p90 and p99; nothing of an empty sample."""
    ordered = sorted(values)
    return {name: ordered[math.ceil(share * len(ordered)) - 1] for name, share in SHARES.items()} if ordered else {}

"""The kernel's layers that sandboxes live under."""

from enum import StrEnum


class Layer(StrEnum):
    """A layer, by what gives it."""

    LIMITS = "limits"
    """Limits of descriptors, memory, processor time; no files written, no core dumps."""
    SECCOMP = "seccomp"
    """System calls: no sockets, processes, writing, tracing."""
    LANDLOCK = "landlock"
    """Files: none but those of the runtime, and those to read."""
    LANDLOCK_NETWORK = "landlock-network"
    """No TCP."""
    LANDLOCK_SCOPE = "landlock-scope"
    """No signals and no abstract sockets to the outside."""

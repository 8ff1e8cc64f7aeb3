"""Landlock: the kernel's way for a process without rights to give up files, sockets and signals.

(linux/landlock.h, https://docs.kernel.org/userspace-api/landlock.html; the numbers are those of all machines.)
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_CREATE_RULESET = 444
_ADD_RULE = 445
_ASK_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _READ_FILE, _READ_DIR = 1, 4, 8
_FILES = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
"""What can be given up since which version: all of the first, linking across folders, truncating, ioctl."""
_TCP = 0b11
_SCOPES = 0b11
"""Abstract sockets, signals."""
NETWORK_VERSION = 4
SCOPE_VERSION = 6

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Readable:
    """What a sandbox may open, to read only."""

    programs: tuple[Path, ...]
    """Files that may also be executed: Deno and its libraries."""
    files: tuple[Path, ...]
    folders: tuple[Path, ...]


def version() -> int:
    """The version of the interface that this kernel offers to this process; 0 for none."""
    answer = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    return max(int(answer), 0)


def ruleset(readable: Readable, offered: int) -> int:
    """Make a ruleset that allows to read what is `readable` and nothing else; returns its descriptor.

    Raises OSError.
    """
    files = sum(bits for since, bits in _FILES if offered >= since)
    attributes = struct.pack("=Q", files)
    if offered >= NETWORK_VERSION:
        attributes += struct.pack("=Q", _TCP)
    if offered >= SCOPE_VERSION:
        attributes += struct.pack("=Q", _SCOPES)
    descriptor = _checked(_libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))
    try:
        _allow(descriptor, readable.programs, _READ_FILE | _EXECUTE)
        _allow(descriptor, readable.files, _READ_FILE)
        _allow(descriptor, readable.folders, _READ_FILE | _READ_DIR)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _allow(ruleset_descriptor: int, paths: Iterable[Path], access: int) -> None:
    for path in paths:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rule = struct.pack("=Qi", access, opened)
            _checked(_libc.syscall(_ADD_RULE, ruleset_descriptor, _RULE_PATH_BENEATH, rule, 0))
        finally:
            os.close(opened)


def _checked(answer: int) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return int(answer)

"""Runs one program inside the sandbox, as `python main.py` would, and reads what it returned.

It is part of the memory image: nothing of it is compiled when a task comes. Everything that it uses
after the program has run was looked up before, so that a program that replaces functions of the
standard library spoils nothing but its own answer.
"""

import ast
import asyncio
import atexit
import builtins
import io
import json
import linecache
import os
import random
import sys
import tempfile
import traceback
import types
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from inspect import CO_COROUTINE
from typing import Any

from pyodide.ffi import run_sync as _run_sync
from pyodide.webloop import WebLoop

FILE = "main.py"
RUNNER = "<faaspool>"
"""The name that this file is compiled under."""
LAST = "__faaspool_last__"
EXIT_CODES = 256
_WARM_UP = """\
import sys
try:
    1 / 0
except ArithmeticError as error:
    sys.stdout.write("")
{"a": [1, 2.5, None]}
"""

_encode_json = json.JSONEncoder(ensure_ascii=False).encode
_print_exception = traceback.print_exception
_run_exit_functions = atexit._run_exitfuncs
_repr = repr
_str = str
_type = type
_isinstance = isinstance
_len = len
_print = print
_base_exception = BaseException
_ensure_future = asyncio.ensure_future
_running_loop = asyncio._get_running_loop
_set_running_loop = asyncio._set_running_loop


def freshen() -> None:
    """Make what was copied with the memory image differ from every other copy, and the environment empty."""
    os.environ.clear()
    random.seed()
    tempfile._name_sequence = None
    uuid._last_timestamp = None
    uuid._node = None


def open_streams() -> None:
    """Connect the standard streams to the descriptors; what is printed leaves at once."""
    sys.stdin = io.TextIOWrapper(open(0, "rb", closefd=False), encoding="utf-8", errors="surrogateescape")
    sys.stdout = _writer(1, "strict")
    sys.stderr = _writer(2, "backslashreplace")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr


def _writer(descriptor: int, errors: str) -> io.TextIOWrapper:
    name = {1: "<stdout>", 2: "<stderr>"}[descriptor]
    raw = io.FileIO(descriptor, "w", closefd=False)
    raw.name = name
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, newline="\n", write_through=True)


class _Returned:
    """What `return_val` was last given."""

    def __init__(self) -> None:
        self.text: str | None = None

    def give(self, value: object) -> None:
        """Set the task's return value: text as it is, anything else as JSON."""
        self.text = _str(value) if _isinstance(value, _str) else _to_json(value)


def _to_json(value: object) -> str:
    try:
        return _encode_json(value)
    except _base_exception:
        return _shown(value)


def _shown(value: object) -> str:
    try:
        return _str(_repr(value))
    except _base_exception:
        return f"<{_type(value).__name__} object that cannot be shown>"


def _compile(code: str) -> types.CodeType:
    tree = ast.parse(code, FILE)
    if tree.body and _isinstance(tree.body[-1], ast.Expr):
        last = tree.body[-1]
        target = ast.Name(LAST, ast.Store())
        tree.body[-1] = ast.copy_location(ast.Assign([ast.copy_location(target, last)], last.value), last)
    return compile(tree, FILE, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def _execute(
    code: str, scope: dict[str, Any], run_until_complete: Callable[[Coroutine[Any, Any, Any]], object]
) -> None:
    compiled = _compile(code)
    if compiled.co_flags & CO_COROUTINE:
        run_until_complete(eval(compiled, scope))  # noqa: S307 -- running it is the purpose
    else:
        exec(compiled, scope)  # noqa: S102 -- the same


def _exit_code(error: SystemExit) -> int:
    if error.code is None:
        return 0
    if _isinstance(error.code, int):
        return error.code % EXIT_CODES if -(1 << 63) <= error.code < 1 << 63 else 255
    _print(error.code, file=sys.stderr)
    return 1


def _without_runner(trace: types.TracebackType | None) -> types.TracebackType | None:
    """Take this file's frames out of a traceback."""
    kept = None
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    for frame in frames[::-1]:
        name = frame.tb_frame.f_code.co_filename
        if name != RUNNER and not name.startswith("file:"):  # Frames of JavaScript would show where it is on the host.
            frame.tb_next = kept
            kept = frame
    return kept


def _own_frames(error: BaseException) -> types.TracebackType | None:
    """Take this file's frames out of what is shown of an exception and of those behind it.

    Returns the exception's own traceback from the program's first frame on; one from JavaScript does not
    let itself be set.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if one is not error:
            one.__traceback__ = _without_runner(one.__traceback__)
        waiting += [one.__cause__, one.__context__]
        if _isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != FILE:
        trace = trace.tb_next
    return _without_runner(trace)


def _report(error: BaseException) -> int:
    """Print an uncaught exception as the interpreter would, and return the exit code."""
    if _isinstance(error, SystemExit):
        return _exit_code(error)
    trace = _own_frames(error)
    error.__traceback__ = trace
    if sys.excepthook not in (sys.__excepthook__, _default_hook):
        sys.excepthook(_type(error), error, trace)
    else:
        _print_exception(_type(error), error, trace, file=sys.stderr)
    return 130 if _isinstance(error, KeyboardInterrupt) else 1


def _guarded(action: Callable[..., int], *arguments: object) -> int:
    """Run `action`; what it raises was raised by the program's own hooks, so it is the program's error."""
    try:
        return action(*arguments)
    except _base_exception as error:
        try:
            return _report(error)
        except _base_exception:
            return 1


def _finish() -> int:
    _run_exit_functions()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not getattr(stream, "closed", False):
            stream.flush()
    return 0


def _value(scope: dict[str, Any], returned: _Returned) -> str:
    if returned.text is not None:
        return returned.text
    if "result" in scope:
        return _to_json(scope["result"])
    last = scope.get(LAST)
    return "" if last is None else _to_json(last)


def _sendable(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot carry."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _run_until_complete(loop: WebLoop, awaited: Awaitable[Any]) -> Any:  # noqa: ANN401 -- whatever is awaited
    """Wait for `awaited`, or until any task of the loop raises SystemExit or KeyboardInterrupt, as asyncio does.

    Pyodide's own lets these two reach JavaScript, where nobody catches them.
    """
    task = _ensure_future(awaited, loop=loop)
    ended = loop.create_future()

    def end(error: BaseException | None) -> None:
        if not ended.done():
            ended.set_result(error)

    loop._system_exit_handler = lambda code: end(SystemExit(code))
    loop._keyboard_interrupt_handler = lambda: end(KeyboardInterrupt())
    task.add_done_callback(lambda _: end(None))
    running = _running_loop()
    error = _run_sync(ended)
    _set_running_loop(running)  # The callbacks of the wait have made `loop` the running one.
    if error is not None:
        raise error
    return task.result()


_report_to_loop = WebLoop.call_exception_handler


def _call_exception_handler(loop: WebLoop, context: dict[str, Any]) -> None:
    """Report an exception that nobody awaited, but for those that end the program anyway."""
    if not _isinstance(context.get("exception"), (SystemExit, KeyboardInterrupt)):
        _report_to_loop(loop, context)


_init_loop = WebLoop.__init__


def _init(loop: WebLoop) -> None:
    """Make a loop, without making it the running one."""
    running = _running_loop()
    _init_loop(loop)
    _set_running_loop(running)


WebLoop.__init__ = _init
WebLoop.run_until_complete = _run_until_complete
WebLoop.call_exception_handler = _call_exception_handler


def _run_coroutine(coroutine: Coroutine[Any, Any, Any]) -> object:
    return asyncio.get_event_loop().run_until_complete(coroutine)


def _main_module(code: str) -> dict[str, Any]:
    module = types.ModuleType("__main__")
    module.__dict__.update(__builtins__=builtins, __file__=FILE)
    sys.modules["__main__"] = module
    sys.argv = [FILE]
    linecache.cache[FILE] = (_len(code), None, code.splitlines(keepends=True), FILE)
    return module.__dict__


def run(code: str, max_return_bytes: int) -> tuple[int, str, bool]:
    """Run a program to its end.

    Returns its exit code, its return value as text of at most `max_return_bytes` of UTF-8, and
    whether it defined a `return_val` of its own.
    """
    code = code.removeprefix("\ufeff")
    returned = _Returned()
    give = returned.give
    builtins.return_val = give
    scope = _main_module(code)

    def execute() -> int:
        _set_running_loop(None)  # Pyodide says that one runs always; a program begins outside of any.
        _execute(code, scope, _run_coroutine)
        return 0

    exit_code = _guarded(execute)
    value = ""

    def read_value() -> int:
        nonlocal value
        value = _sendable(_value(scope, returned))
        return 0

    if exit_code == 0 or returned.text is not None:
        exit_code = _guarded(read_value) or exit_code
    exit_code = _guarded(_finish) or exit_code
    if _len(value.encode()) > max_return_bytes:
        _print(f"ValueError: ret_val is larger than {max_return_bytes} bytes", file=sys.stderr)
        value, exit_code = "", exit_code or 1
    return exit_code, value, scope.get("return_val", give) is not give or builtins.return_val is not give


def serve(next_task: Callable[[], str], max_return_bytes: int) -> str:
    """Run the program that `next_task` waits for.

    Returns its exit code, `1` or `0` for a `return_val` of its own, and its return value, with
    spaces between them.
    """
    run(_WARM_UP, max_return_bytes)  # The engine compiles now what the task will use.
    exit_code, ret_val, own = run(next_task(), max_return_bytes)
    return f"{exit_code} {own:d} {ret_val}"


_default_hook = sys.excepthook

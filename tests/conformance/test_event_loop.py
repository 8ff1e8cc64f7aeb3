"""When a JavaScript program has ended, and what it says if it fails on the way there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Run

ENDED = [
    ("setTimeout(() => console.log('late'), 5); return 'early'", "late\n", '"early"'),
    ("setTimeout(() => return_val('late'), 5); return 'early'", "", "late"),
    ("Promise.resolve().then(() => console.log('micro')); console.log('sync'); 1", "sync\nmicro\n", "1"),
    ("process.nextTick(() => console.log('tick')); console.log('sync'); 1", "sync\ntick\n", "1"),
    ("setTimeout(() => setTimeout(() => console.log('nested'), 1), 1); 1", "nested\n", "1"),
    ("const id = setTimeout(() => console.log('never'), 20); clearTimeout(id); 1", "", "1"),
    ("console.log(1); return; console.log(2)", "1\n", ""),
    ("for (const n of [1, 2]) { await null; if (n === 2) return n }", "", "2"),
    ("for await (const n of (async function* () { yield 1; yield 2 })()) console.log(n)", "1\n2\n", ""),
    ("new Promise((done) => setTimeout(done, 5, 'value'))", "", '"value"'),
    ("Promise.reject(5).catch((e) => console.log('caught', e)); 1", "caught 5\n", "1"),
    ("const p = Promise.reject(5); try { await p } catch (e) { console.log('caught', e) }", "caught 5\n", ""),
    ("await Promise.allSettled([Promise.reject(1), 2]); 3", "", "3"),
]
HANDLED = [
    "addEventListener('unhandledrejection', (e) => { e.preventDefault(); console.log('seen') });\nPromise.reject(1);\n2",
    "addEventListener('unhandledrejection', (e) => { e.preventDefault(); console.log('seen') });\nthrow new Error('x')",
    "process.on('uncaughtException', () => console.log('seen'));\nthrow new Error('x')",
    "process.on('unhandledRejection', () => console.log('seen'));\nPromise.reject(5)",
    "addEventListener('error', (e) => { e.preventDefault(); console.log('seen') });\nsetTimeout(() => { throw 1 }, 1)",
    "console.log('seen');\ndispatchEvent(new Event('beforeunload', { cancelable: true }))",
]
THROWN = [
    ("{ a: 1 }", "{ a: 1 }"),
    ("Symbol('s')", "Symbol(s)"),
    ("function named() {}", "[Function: named]"),
    ("new Proxy({}, { get() { throw 1 } })", "Uncaught"),
    ("{ get stack() { throw 1 } }", "Uncaught"),
    ("Object.assign(new Error('x'), { stack: 'fake' })", "Error: x"),
    ("new (class Mine extends Error { name = 'Mine' })('text')", "Mine: text"),
    ("new Error('outer', { cause: new TypeError('inner') })", "TypeError: inner"),
    ("new AggregateError([new RangeError('one')], 'all')", "RangeError: one"),
    ("new DOMException('text', 'AbortError')", "AbortError: text"),
    ("0", "0"),
    ("''", "Uncaught"),
    ("10n", "10n"),
]
THROWS = [
    "await null; throw thrown",
    "setTimeout(() => { throw thrown }, 1); return 5",
    "queueMicrotask(() => { throw thrown }); return 5",
    "Promise.reject(thrown); return 5",
    "(async () => { await null; throw thrown })(); 5",
    "new Promise((_, reject) => setTimeout(reject, 1, thrown))",
    "process.nextTick(() => { throw thrown })",
    "new (require('events'))().emit('error', thrown)",
    "addEventListener('load', () => { throw thrown }); dispatchEvent(new Event('load'))",
]
OVERRIDES = [
    "Error.prepareStackTrace = () => { throw 1 }",
    "Error.prepareStackTrace = () => { for (;;); }",
    "Error.stackTraceLimit = 0",
    "Error.captureStackTrace = null",
    "Object.prototype.toString = () => { throw 1 }",
    "globalThis.Error = class {}",
]


@pytest.mark.parametrize(("code", "printed", "value"), ENDED)
def test_a_program_ends_when_nothing_is_left_to_do(run: Run, code: str, printed: str, value: str) -> None:
    """Timers and promises go on after the last line and after `return`; a listener that waits for nothing does not."""
    answer = run(code, "javascript")
    assert (answer.status, answer.stdout, answer.stderr) == ("ok", printed, "")
    assert answer.ret_val == value


@pytest.mark.parametrize("code", HANDLED)
def test_an_error_that_the_program_handles_ends_nothing_and_holds_up_nothing(run: Run, code: str) -> None:
    """What is left of the program runs, and then it has run to its end."""
    answer = run(code, "javascript", timeout=5000)
    assert (answer.status, answer.stdout, answer.stderr) == ("ok", "seen\n", "")


@pytest.mark.parametrize(("value", "shown"), THROWN)
def test_anything_may_be_thrown(run: Run, value: str, shown: str) -> None:
    """Whatever it is, it is shown once, and the exit code is 1."""
    answer = run(f"console.log('before'); throw {value}", "javascript")
    assert (answer.status, answer.exit_code, answer.stdout) == ("error", 1, "before\n")
    assert shown in answer.stderr
    assert answer.stderr.count("Uncaught") == 1


@pytest.mark.parametrize("form", THROWS)
def test_it_may_be_thrown_anywhere(run: Run, form: str) -> None:
    """Wherever an error comes from that nobody catches, the program has failed."""
    answer = run(f"const thrown = new RangeError('far');\n{form}", "javascript")
    assert (answer.status, answer.exit_code, answer.stdout) == ("error", 1, "")
    assert "RangeError: far\n    at file:///main.js:1:" in answer.stderr
    assert answer.stderr.count("Uncaught") == 1


@pytest.mark.parametrize("override", OVERRIDES)
def test_how_errors_are_shown_is_not_the_programs_to_break(run: Run, override: str) -> None:
    """An error stays an error, whatever the program did to the machinery that shows it."""
    answer = run(f"{override};\nnull.x", "javascript", timeout=1000)
    assert answer.status in {"error", "timeout"}
    assert answer.status == "timeout" or "TypeError" in answer.stderr


def test_nothing_of_a_program_runs_after_it_failed(run: Run) -> None:
    """As in any JavaScript that nobody catches."""
    answer = run("setTimeout(() => console.log('after'), 20); throw new Error('now')", "javascript")
    assert (answer.status, answer.stdout) == ("error", "")


def test_exit_is_at_once(run: Run) -> None:
    """`Deno.exit` and `process.exit` end the program where they stand, even within `finally` and callbacks."""
    for code in (
        "try { Deno.exit(3) } finally { console.log('finally') }",
        "setTimeout(() => console.log('timer'), 1); process.exit(3)",
        "process.exitCode = 3; process.exit()",
        "[1].forEach(() => Deno.exit(3)); console.log('on')",
        "await new Promise(() => Deno.exit(3))",
        "addEventListener('unhandledrejection', () => Deno.exit(3)); Promise.reject(1)",
    ):
        answer = run(code, "javascript")
        assert (answer.status, answer.exit_code, answer.stdout, answer.stderr) == ("error", 3, "", ""), code


def test_a_value_given_before_an_exit_is_kept(run: Run) -> None:
    """`return_val` counts even where the program exits afterwards."""
    assert run("return_val('kept'); process.exit(2)", "javascript").ret_val == "kept"
    assert run("return_val('kept')\nimport sys\nsys.exit(2)").ret_val == "kept"


def test_consoles_write_where_they_should(run: Run) -> None:
    """`log`, `info`, `debug`, `table` and `dir` to standard output; `warn`, `error`, `trace` and `assert` to the other."""
    answer = run(
        "console.log('a'); console.info('b'); console.debug('c'); console.dir({ d: 1 }); console.group('e');"
        " console.log('f'); console.groupEnd(); console.log('%s is %d', 'g', 7);"
        " console.error('h'); console.warn('i'); console.assert(false, 'j')",
        "javascript",
    )
    assert answer.stdout == "a\nb\nc\n{ d: 1 }\ne\n  f\ng is 7\n"
    assert answer.stderr == "h\ni\nAssertion failed: j\n"


def test_output_has_no_colours(run: Run) -> None:
    """Nobody reads answers on a terminal: no escape sequences, in values or in errors."""
    assert (
        "\x1b"
        not in run(
            "console.log([1, 'a', null, undefined, true, 1n, new Error('x'), /x/, () => 1])", "javascript"
        ).stdout
    )
    assert "\x1b" not in run("throw new Error('x', { cause: [1, 'a', null] })", "javascript").stderr
    assert "\x1b" not in run("raise ValueError('x')").stderr

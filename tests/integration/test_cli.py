"""The command line, as a person or a script uses it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.service import free_port, wait_until

COMMAND = (sys.executable, "-m", "faaspool_executor")


def faaspool(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def program(folder: Path, name: str, code: str) -> str:
    """A file that holds a program."""
    (folder / name).write_text(code)
    return str(folder / name)


@pytest.mark.parametrize("command", [[], ["serve"], ["prepare"], ["run"], ["doctor"]])
def test_every_command_explains_itself(command: list[str]) -> None:
    """`--help` ends with 0 and says how the command is used."""
    result = faaspool(*command, "--help")
    assert result.returncode == 0
    assert result.stdout.startswith(f"usage: faaspool {' '.join(command)}".rstrip())


@pytest.mark.parametrize(
    ("name", "code", "expected"),
    [
        ("a.py", "import sys\nprint(input())\nprint('e', file=sys.stderr)\nsys.exit(3)", ("in\n", "e\n", 3)),
        ("a.js", "console.log('out'); console.error('e'); Deno.exit(4)", ("out\n", "e\n", 4)),
        ("a.ts", "const a: string = 'out'; console.log(a); 5", ("out\n", "", 0)),
        ("a.mjs", "import path from 'node:path'; console.log(typeof path)", ("object\n", "", 0)),
    ],
)
def test_a_program_runs_as_if_alone(tmp_path: Path, name: str, code: str, expected: tuple[str, str, int]) -> None:
    """Its output, its exit code, its standard input."""
    result = faaspool("run", program(tmp_path, name, code), "--input", "-", stdin="in\n")
    assert (result.stdout, result.stderr, result.returncode) == expected


def test_options_of_run(tmp_path: Path) -> None:
    """The language by name, input from a file, the return value after the output."""
    file = program(tmp_path, "noending", "print(input()); 6 * 7")
    data = program(tmp_path, "data", "from a file\n")
    result = faaspool("run", file, "--language", "python", "--input", data, "--ret-val")
    assert (result.stdout, result.returncode) == ("from a file\n42\n", 0)


@pytest.mark.parametrize(
    ("code", "exit_code", "words"),
    [
        ("while True: pass", 124, "time limit"),
        ("import ctypes; ctypes.string_at(0xfffffff0, 16)", 70, "without a result"),
    ],
)
def test_endings_that_are_not_the_programs(tmp_path: Path, code: str, exit_code: int, words: str) -> None:
    """Each has an exit code and a line of its own."""
    result = faaspool("run", program(tmp_path, "a.py", code), "--timeout", "1500")
    assert result.returncode == exit_code
    assert words in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.py"], "nothing.py: No such file or directory"),
        (["program.rb"], "the ending names no language"),
        (["bytes.py"], "not UTF-8 at byte 0"),
        (["good.py", "--input", "missing"], "missing: No such file or directory"),
    ],
)
def test_what_cannot_be_run_is_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    """Exit code 2, and what is wrong with which file."""
    program(tmp_path, "program.rb", "1")
    program(tmp_path, "good.py", "1")
    (tmp_path / "bytes.py").write_bytes(b"\xff")
    result = faaspool("run", str(tmp_path / arguments[0]), *arguments[1:])
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert words in result.stderr


@pytest.mark.parametrize("timeout", ["0", "-1", "soon", "1.5"])
def test_a_wrong_time_limit_names_the_option(tmp_path: Path, timeout: str) -> None:
    """As every wrong option does."""
    result = faaspool("run", program(tmp_path, "a.py", "1"), f"--timeout={timeout}")
    assert result.returncode == 2
    assert "--timeout: must be a whole number of milliseconds" in result.stderr


def test_output_that_nobody_reads_ends_the_program(tmp_path: Path) -> None:
    """As with any command before `| head -1`: 141, and no complaint."""
    file = program(tmp_path, "a.py", "while True: print('x' * 100)")
    with subprocess.Popen([*COMMAND, "run", file], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"x" * 100 + b"\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


def test_an_interrupted_program_ends(tmp_path: Path) -> None:
    """Ctrl-C: 130, no traceback, and no process left."""
    file = program(tmp_path, "a.py", "print('ready', flush=True)\nwhile True: pass")
    heeding = ("env", "--default-signal=INT")  # A shell's background jobs, and all they start, ignore it.
    with subprocess.Popen([*heeding, *COMMAND, "run", file], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"ready\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert process.stderr.read() == b""
    assert children
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))


def test_doctor_runs_all_three_languages() -> None:
    """It says what it found, and that tasks can be run."""
    result = faaspool("doctor")
    assert result.returncode == 0, result.stdout
    for language in ("python", "javascript", "typescript"):
        assert any(line.split()[:2] == ["ok", language] for line in result.stdout.splitlines()), result.stdout


def test_doctor_tells_what_is_missing(tmp_path: Path) -> None:
    """An empty workspace: exit code 1 and what to do."""
    result = faaspool("doctor", FAAS_WORKSPACE=str(tmp_path))
    assert result.returncode == 1
    assert "run `faaspool prepare`" in result.stdout


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"FAAS_WORKER_COUNT": "many"}, "FAAS_WORKER_COUNT='many': must be a whole number from 1 to 1000"),
        ({"FAAS_WORKSPACE": "/proc/nothing"}, "nothing is prepared in /proc/nothing: run `faaspool prepare`"),
        ({"FAAS_HOST": "203.0.113.1"}, "203.0.113.1 port"),
    ],
)
def test_a_service_that_cannot_start_says_why_in_one_line(environment: dict[str, str], words: str) -> None:
    """Exit code 2; the message says what to change."""
    result = faaspool("serve", COZE_LOOP_FAAS_PORT=str(free_port()), **environment)
    assert result.returncode == 2
    assert result.stderr.startswith("faaspool: ")
    assert len(result.stderr.splitlines()) == 1
    assert words in result.stderr


def test_a_port_that_is_taken_is_named() -> None:
    """And the variables that name another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = faaspool("serve", COZE_LOOP_FAAS_PORT=str(port))
    assert result.returncode == 2
    assert f"127.0.0.1 port {port}: Address already in use; FAAS_HOST and COZE_LOOP_FAAS_PORT" in result.stderr


def test_prepare_that_cannot_write_says_where(tmp_path: Path) -> None:
    """A workspace that cannot be made is named, with the variable."""
    file = program(tmp_path, "file", "")
    result = faaspool("prepare", FAAS_WORKSPACE=f"{file}/below")
    assert result.returncode == 2
    assert "FAAS_WORKSPACE names the folder" in result.stderr

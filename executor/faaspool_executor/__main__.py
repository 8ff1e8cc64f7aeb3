"""The command `faaspool`."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from faaspool_contract.names import LANGUAGE_NAMES
from faaspool_executor.app import runtime_of, serve
from faaspool_executor.doctor import doctor
from faaspool_executor.errors import ExecutorError
from faaspool_executor.run_file import ENDINGS, Request, run_file
from faaspool_executor.sandbox.prepare import prepare
from faaspool_executor.settings import Settings, describe_settings, load_settings
from faaspool_gateway.errors import GatewayError

Result = TypeVar("Result")
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def _serve(_arguments: argparse.Namespace, settings: Settings) -> int:
    _await(serve(settings))
    return 0


def _prepare(_arguments: argparse.Namespace, settings: Settings) -> int:
    prepare(runtime_of(settings), lambda text: print(f"faaspool: {text}", file=sys.stderr, flush=True))
    return 0


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    request = Request(
        file=arguments.file,
        language=arguments.language,
        input=arguments.input,
        timeout_ms=arguments.timeout,
        show_ret_val=arguments.ret_val,
    )
    return _await(run_file(request, settings))


def _doctor(_arguments: argparse.Namespace, settings: Settings) -> int:
    return _await(doctor(settings))


def _await(main: Coroutine[Any, Any, Result]) -> Result:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def _milliseconds(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("must be a whole number of milliseconds, 1 or more")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="faaspool", description="Runs other people's code, safely and at once.")
    parser.add_argument("--version", action="version", version=f"faaspool {version('faaspool')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, action: Callable[[argparse.Namespace, Settings], int], summary: str, epilog: str = ""
    ) -> Any:  # noqa: ANN401
        added = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(action=action)
        return added

    command("serve", _serve, "serve POST /run_code", f"settings, from the environment:\n{describe_settings()}")
    command("prepare", _prepare, "fetch Pyodide and record Python's memory image, once; `serve` needs it")
    command("doctor", _doctor, "show what this machine offers, what is missing, and what to do about it")
    endings = ", ".join(f"{code} where {reason}" for code, reason in ENDINGS.values())
    run = command("run", _run, "run one file in a sandbox", f"The exit code is the program's; {endings}.")
    run.add_argument("file", type=Path, metavar="FILE", help="the program: .py, .js or .ts")
    run.add_argument(
        "--language", type=str.lower, choices=list(LANGUAGE_NAMES), help="where the file's ending does not tell it"
    )
    run.add_argument(
        "--input", metavar="FILE", help="the program's standard input; - for this command's own (default: none)"
    )
    run.add_argument(
        "--timeout", type=_milliseconds, metavar="MS", help="time limit in milliseconds (default: FAAS_TIMEOUT)"
    )
    run.add_argument("--ret-val", action="store_true", help="print the return value after the output")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.action(parsed, load_settings()))
    except (ExecutorError, GatewayError) as error:
        print(f"faaspool: {error}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())

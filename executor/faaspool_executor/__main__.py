"""The command `faaspool`."""

import argparse
import asyncio
import sys
from importlib.metadata import version

import uvloop

from faaspool_executor.app import runtime_of, serve
from faaspool_executor.errors import ExecutorError
from faaspool_executor.sandbox.prepare import prepare
from faaspool_executor.settings import load_settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="faaspool", description="Runs other people's code, safely and at once.")
    parser.add_argument("--version", action="version", version=f"faaspool {version('faaspool')}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve POST /run_code; settings come from the environment")
    commands.add_parser("prepare", help="fetch Pyodide and record Python's memory image, once")
    return parser


def main() -> int:
    """Run the command line; returns the exit code."""
    arguments = _parser().parse_args()
    try:
        settings = load_settings()
        if arguments.command == "prepare":
            prepare(runtime_of(settings), lambda text: print(f"faaspool: {text}", file=sys.stderr, flush=True))
        else:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve(settings))
    except ExecutorError as error:
        print(f"faaspool: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

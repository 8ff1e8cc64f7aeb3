"""Prepares the runtime folder: the runner, its packages, Python's memory image, and Deno's code cache.

This is the only place that downloads anything, through Deno's npm client and its lock file.
"""

import shutil
from collections.abc import Callable

from faaspool_contract.names import Language
from faaspool_executor.core.argv import FLAGS, sandbox_argv
from faaspool_executor.errors import NotPrepared
from faaspool_executor.sandbox import code_cache
from faaspool_executor.sandbox.belt import build_launcher
from faaspool_executor.sandbox.runtime import Runtime, prepare_alone, remove_unused, runner_source
from faaspool_executor.sandbox.vendor import MANIFEST, call, fetch_packages

_HEAP_MEGABYTES = 256
_PARTS = """import wasm from "./vendor/pyodide.asm.wasm" with { type: "bytes" };
import stdlib from "./vendor/python_stdlib.zip" with { type: "bytes" };
"""
# `main` is not awaited: a program that waits for nothing would be a top-level await that never ends, an error.
_ENTRY_FILES = {
    "record.js": _PARTS + 'import { record } from "./src/python/record.ts";\nawait record({ wasm, stdlib });\n',
    "python-cold.js": _PARTS + 'import { main } from "./src/python/main.ts";\nmain({ wasm, stdlib });\n',
    "python.js": _PARTS
    + 'import bytes from "./python.image" with { type: "bytes" };\n'
    + 'import { main } from "./src/python/main.ts";\n'
    + "main({ wasm, stdlib, image: { bytes, offset: 0 } });\n",
}

Progress = Callable[[str], None]


def prepare(runtime: Runtime, progress: Progress) -> None:
    """Bring a runtime folder up to date; nothing is done where all is there. Raises NotPrepared."""
    try:
        runtime.workspace.mkdir(parents=True, exist_ok=True)
        with prepare_alone(runtime.workspace):
            if not runtime.is_installed() or runtime.damage():
                progress("1/3 fetching Pyodide, Babel and acorn (about 20 MB, once)")
                _install(runtime)
            if not runtime.image_is_valid():
                progress("2/3 recording Python's memory image")
                record_image(runtime)
            if not runtime.code_cache_is_filled():
                progress("3/3 compiling")
                _fill_code_cache(runtime)
            remove_unused(runtime.workspace, runtime.folder)
    except OSError as error:
        raise NotPrepared(f"{runtime.workspace} cannot be written: {error}; FAAS_WORKSPACE names the folder") from error


def record_image(runtime: Runtime) -> None:
    """Start Python once, slowly, and keep its memory. Raises NotPrepared."""
    image = call([runtime.deno, *FLAGS, str(runtime.folder / "record.js")], environment=runtime.environment)
    try:
        runtime.keep_image(image)
    except OSError as error:
        raise NotPrepared(f"{runtime.folder} cannot be written: {error}") from error


def _install(runtime: Runtime) -> None:
    source, folder = runner_source(), runtime.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in MANIFEST:
        shutil.copy(source / name, folder / name)
    fetch_packages(runtime.deno, folder)
    shutil.copytree(source / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in _ENTRY_FILES.items():
        (folder / name).write_text(text)
    for leftover in (folder / "node_modules", folder / "npm-cache"):
        shutil.rmtree(leftover)
    for name in MANIFEST:
        (folder / name).unlink()
    damage = runtime.damage()
    if damage:
        raise NotPrepared(f"{damage} is not the file that this version was made for")
    build_launcher(runtime.native_launcher)
    runtime.mark_installed()


def _fill_code_cache(runtime: Runtime) -> None:
    def run(language: Language, stdin: bytes) -> None:
        argv = sandbox_argv(runtime.deno, runtime.entry(language), heap_megabytes=_HEAP_MEGABYTES)
        call(argv, environment=runtime.environment, stdin=stdin)

    code_cache.fill(runtime.deno_dir, run)

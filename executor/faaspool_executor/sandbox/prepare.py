"""Prepares the runtime folder: the runner, its packages, Python's memory image, and Deno's code cache.

This is the only place that downloads anything, through Deno's npm client and its lock file.
"""

import os
import shutil
import subprocess
from collections.abc import Callable

from faaspool_contract.names import Language
from faaspool_executor.core.argv import FLAGS, sandbox_argv
from faaspool_executor.errors import NotPrepared
from faaspool_executor.sandbox import code_cache
from faaspool_executor.sandbox.runtime import Runtime, prepare_alone, remove_unused, runner_source

VENDORED = {
    "node_modules/acorn/dist/acorn.mjs": "acorn.mjs",
    "node_modules/acorn/dist/acorn.d.mts": "acorn.d.mts",
    "node_modules/@babel/standalone/babel.min.js": "babel.min.js",
    "node_modules/pyodide/pyodide.mjs": "pyodide.mjs",
    "node_modules/pyodide/pyodide.asm.mjs": "pyodide.asm.mjs",
    "node_modules/pyodide/pyodide.asm.wasm": "pyodide.asm.wasm",
    "node_modules/pyodide/python_stdlib.zip": "python_stdlib.zip",
}
_INSTALL_SECONDS = 600
_START_SECONDS = 120
_HEAP_MEGABYTES = 256
_PARTS = """import wasm from "./vendor/pyodide.asm.wasm" with { type: "bytes" };
import stdlib from "./vendor/python_stdlib.zip" with { type: "bytes" };
"""
_ENTRY_FILES = {
    "record.js": _PARTS + 'import { record } from "./src/python/record.ts";\nawait record({ wasm, stdlib });\n',
    "python-cold.js": _PARTS + 'import { main } from "./src/python/main.ts";\nawait main({ wasm, stdlib });\n',
    "python.js": _PARTS
    + 'import bytes from "./python.image" with { type: "bytes" };\n'
    + 'import { main } from "./src/python/main.ts";\n'
    + "await main({ wasm, stdlib, image: { bytes, offset: 0 } });\n",
}

Progress = Callable[[str], None]


def prepare(runtime: Runtime, progress: Progress) -> None:
    """Bring a runtime folder up to date; nothing is done where all is there. Raises NotPrepared."""
    try:
        runtime.workspace.mkdir(parents=True, exist_ok=True)
        with prepare_alone(runtime.workspace):
            if not runtime.is_installed():
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
    image = _call(runtime, [runtime.deno, *FLAGS, str(runtime.folder / "record.js")])
    try:
        runtime.keep_image(image)
    except OSError as error:
        raise NotPrepared(f"{runtime.folder} cannot be written: {error}") from error


def _install(runtime: Runtime) -> None:
    source, folder = runner_source(), runtime.folder
    shutil.rmtree(folder, ignore_errors=True)
    vendor = folder / "vendor"
    vendor.mkdir(parents=True)
    for name in ("deno.json", "deno.lock"):
        shutil.copy(source / name, folder / name)
    # The operator's own environment: proxies and certificates are theirs to set. No user code runs here.
    environment = dict(os.environ) | {"DENO_DIR": str(folder / "npm-cache")}
    _call(runtime, [runtime.deno, "install", "--frozen"], environment=environment, seconds=_INSTALL_SECONDS)
    for package_file, name in VENDORED.items():
        shutil.copyfile(folder / package_file, vendor / name)
    shutil.copytree(source / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in _ENTRY_FILES.items():
        (folder / name).write_text(text)
    for leftover in ("node_modules", "npm-cache"):
        shutil.rmtree(folder / leftover)
    for leftover in ("deno.json", "deno.lock"):
        (folder / leftover).unlink()
    runtime.mark_installed()


def _fill_code_cache(runtime: Runtime) -> None:
    def run(language: Language, stdin: bytes) -> None:
        argv = sandbox_argv(runtime.deno, runtime.entry(language), heap_megabytes=_HEAP_MEGABYTES)
        _call(runtime, argv, stdin=stdin)

    code_cache.fill(runtime.deno_dir, run)


def _call(
    runtime: Runtime,
    argv: list[str],
    *,
    environment: dict[str, str] | None = None,
    seconds: float = _START_SECONDS,
    stdin: bytes = b"",
) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 -- a fixed command, no shell
            argv,
            env=environment or runtime.environment,
            cwd=runtime.folder,
            input=stdin,
            capture_output=True,
            timeout=seconds,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise NotPrepared(f"{' '.join(argv[:2])} took longer than {seconds:g} s") from error
    except subprocess.CalledProcessError as error:
        raise NotPrepared(f"{' '.join(argv[:2])} failed: {error.stderr.decode(errors='replace')[-500:]}") from error
    return done.stdout

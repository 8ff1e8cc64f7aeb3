"""Fetches the runner's npm packages through Deno's npm client and its lock file, and takes what is used of them.

`python -m faaspool_executor.sandbox.vendor FOLDER` does it for a folder with a `deno.json`, to check the
runner's types there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from faaspool_executor.errors import NotPrepared
from faaspool_executor.sandbox.runtime import find_deno

MANIFEST = ("deno.json", "deno.lock")
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
_CALL_SECONDS = 120


def fetch_packages(deno: str, folder: Path) -> None:
    """Fill `folder`/vendor. Raises NotPrepared."""
    # The operator's own environment: proxies and certificates are theirs to set. No user code runs here.
    environment = dict(os.environ) | {"DENO_DIR": str(folder / "npm-cache")}
    call([deno, "install", "--frozen"], environment=environment, folder=folder, seconds=_INSTALL_SECONDS)
    vendor = folder / "vendor"
    vendor.mkdir(exist_ok=True)
    for package_file, name in VENDORED.items():
        shutil.copyfile(folder / package_file, vendor / name)


def call(
    argv: list[str],
    *,
    environment: dict[str, str],
    folder: Path | None = None,
    seconds: float = _CALL_SECONDS,
    stdin: bytes = b"",
) -> bytes:
    """Run a program to its end and return what it printed. Raises NotPrepared."""
    try:
        done = subprocess.run(  # noqa: S603 -- a fixed command, no shell
            argv, env=environment, cwd=folder, input=stdin, capture_output=True, timeout=seconds, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise NotPrepared(f"{' '.join(argv[:2])} took longer than {seconds:g} s") from error
    except subprocess.CalledProcessError as error:
        raise NotPrepared(f"{' '.join(argv[:2])} failed: {error.stderr.decode(errors='replace')[-500:]}") from error
    return done.stdout


if __name__ == "__main__":
    target = Path(sys.argv[1]).resolve()
    fetch_packages(find_deno(), target)
    shutil.rmtree(target / "npm-cache")

"""Prepares the runtime folder: the runner, its packages, Python's memory image, and Deno's code cache.

This is the only place that downloads anything, through Deno's npm client and its lock file.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from faaspool_contract.names import Language
from faaspool_executor.core.argv import ENTRIES, FLAGS, sandbox_environment
from faaspool_executor.errors import NotPrepared

VENDORED = {
    "node_modules/acorn/dist/acorn.mjs": "acorn.mjs",
    "node_modules/acorn/dist/acorn.d.mts": "acorn.d.mts",
    "node_modules/@babel/standalone/babel.min.js": "babel.min.js",
    "node_modules/pyodide/pyodide.mjs": "pyodide.mjs",
    "node_modules/pyodide/pyodide.asm.mjs": "pyodide.asm.mjs",
    "node_modules/pyodide/pyodide.asm.wasm": "pyodide.asm.wasm",
    "node_modules/pyodide/python_stdlib.zip": "python_stdlib.zip",
}
_SEAL = "python.image.sha256"
_INSTALL_SECONDS = 600
_RECORD_SECONDS = 120
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


def find_deno() -> str:
    """The Deno binary of the installed wheel, or of the PATH. Raises NotPrepared."""
    spec = find_spec("deno")
    if spec is not None and spec.origin is not None:
        for candidate in (Path(spec.origin).parent / "bin" / "deno", Path(spec.origin).parent / "deno"):
            if candidate.is_file():
                return str(candidate)
    found = shutil.which("deno", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if found is None:
        raise NotPrepared("Deno is missing: run `pip install deno`")
    return found


def runner_source() -> Path:
    """The runner's folder: inside the installed package, or beside it in the repository."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_deno", package.parent / "deno"):
        if (candidate / "deno.lock").is_file():
            return candidate
    raise NotPrepared("the runner's files are missing: reinstall the package")


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime folder."""

    folder: Path
    deno: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its sandboxes."""
        return sandbox_environment(str(self.folder / "deno-dir"))

    def entry(self, language: Language, *, cold: bool) -> str:
        """The entry module of a sandbox; `cold` is Python without its memory image."""
        if language is Language.PYTHON and cold:
            return str(self.folder / "python-cold.js")
        return str(self.folder / ENTRIES[language])

    def is_installed(self) -> bool:
        """Whether the runner and its packages are there, from the same sources."""
        stamp = self.folder / "sources.sha256"
        return stamp.is_file() and stamp.read_text() == self._sources_key()

    def image_is_valid(self) -> bool:
        """Whether the memory image is whole and of this build."""
        image, seal = self.folder / "python.image", self.folder / _SEAL
        if not image.is_file() or not seal.is_file():
            return False
        return seal.read_text() == self._seal_of(image.read_bytes())

    def install(self, progress: Progress) -> None:
        """Fetch the packages and lay out the folder. Raises NotPrepared."""
        source = runner_source()
        progress("fetching Pyodide, Babel and acorn (about 20 MB, once)")
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("deno.json", "deno.lock"):
            shutil.copy(source / name, self.folder / name)
        # The operator's own environment: proxies and certificates are theirs to set. No user code runs here.
        environment = dict(os.environ) | {"DENO_DIR": str(self.folder / "npm-cache")}
        self._call([self.deno, "install", "--frozen"], environment, _INSTALL_SECONDS)
        vendor = self.folder / "vendor"
        vendor.mkdir(exist_ok=True)
        for package_file, name in VENDORED.items():
            shutil.copyfile(self.folder / package_file, vendor / name)
        shutil.copytree(source / "src", self.folder / "src", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in _ENTRY_FILES.items():
            (self.folder / name).write_text(text)
        for leftover in ("node_modules", "npm-cache"):
            shutil.rmtree(self.folder / leftover, ignore_errors=True)
        for leftover in ("deno.json", "deno.lock"):
            (self.folder / leftover).unlink()
        (self.folder / "sources.sha256").write_text(self._sources_key())

    def record_image(self, progress: Progress) -> None:
        """Start Python once, slowly, and keep its memory. Raises NotPrepared."""
        progress("recording Python's memory image")
        bytes_of_image = self._call([self.deno, *FLAGS, str(self.folder / "record.js")], self.environment, _RECORD_SECONDS)
        part = self.folder / "python.image.part"
        part.write_bytes(bytes_of_image)
        part.replace(self.folder / "python.image")
        (self.folder / _SEAL).write_text(self._seal_of(bytes_of_image))

    def _call(self, argv: list[str], environment: dict[str, str], seconds: float) -> bytes:
        try:
            done = subprocess.run(argv, env=environment, cwd=self.folder, capture_output=True, timeout=seconds, check=True)  # noqa: S603
        except subprocess.TimeoutExpired as error:
            raise NotPrepared(f"{' '.join(argv[:2])} took longer than {seconds:g} s") from error
        except subprocess.CalledProcessError as error:
            raise NotPrepared(f"{' '.join(argv[:2])} failed: {error.stderr.decode(errors='replace')[-500:]}") from error
        return done.stdout

    def _sources_key(self) -> str:
        digest = hashlib.sha256()
        source = runner_source()
        for path in sorted([source / "deno.lock", *(source / "src").rglob("*.ts"), *(source / "src").rglob("*.py")]):
            digest.update(path.relative_to(source).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    def _seal_of(self, image: bytes) -> str:
        digest = hashlib.sha256(image)
        digest.update((self.folder / "vendor" / "pyodide.asm.wasm").read_bytes())
        digest.update((self.folder / "sources.sha256").read_bytes())
        return digest.hexdigest()


def prepare(runtime: Runtime, progress: Progress) -> None:
    """Bring a runtime folder up to date. Raises NotPrepared."""
    if not runtime.is_installed():
        runtime.install(progress)
    if not runtime.image_is_valid():
        runtime.record_image(progress)

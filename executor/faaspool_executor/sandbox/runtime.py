"""The runtime folder: what sandboxes are started from. Made by `prepare`, only read by the service.

Its name holds a hash of all that it is made from, so a newer version of the service makes one of its
own beside that of an older one that still runs.
"""

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from faaspool_contract.names import Language
from faaspool_executor.core.argv import ENTRIES, sandbox_environment
from faaspool_executor.errors import NotPrepared
from faaspool_executor.sandbox import code_cache
from faaspool_executor.sandbox.belt import LAUNCHER_SOURCE, PYTHON_LAUNCHER

PREFIX = "runtime-"
HASHES = "vendor.sha256"
"""What the files of the packages have to be, as sha256sum prints it."""
_SEAL = "python.image.sha256"


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
    """The runner's folder: inside the installed package, or beside it in the repository. Raises NotPrepared."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_deno", package.parent / "deno"):
        if (candidate / "deno.lock").is_file():
            return candidate
    raise NotPrepared("the runner's files are missing: reinstall the package")


@cache
def sources_key(deno: str) -> str:
    """A hash of the runner, its locked packages, what prepares them, and Deno itself."""
    digest = hashlib.sha256()
    source = runner_source()
    here = Path(__file__).resolve().parent
    files = [source / "deno.lock", source / HASHES, *(source / "src").rglob("*.ts"), *(source / "src").rglob("*.py")]
    for path in [
        *sorted(files),
        here / "prepare.py",
        LAUNCHER_SOURCE,
        here / "vendor.py",
        here / "code_cache.py",
        here.parent / "core" / "argv.py",
    ]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    try:
        digest.update(version("deno").encode())
    except PackageNotFoundError:
        digest.update(str(Path(deno).stat().st_mtime_ns).encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime folder of this build."""

    workspace: Path
    deno: str

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.workspace / f"{PREFIX}{sources_key(self.deno)[:16]}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its sandboxes."""
        return sandbox_environment(str(self.deno_dir))

    @property
    def deno_dir(self) -> Path:
        """Deno's own folder, with its cache of compiled code."""
        return self.folder / "deno-dir"

    @property
    def image(self) -> Path:
        """Python's memory image."""
        return self.folder / "python.image"

    @property
    def launcher(self) -> tuple[str, ...]:
        """What puts the belt on: the program that was compiled here, or the one in Python."""
        return (str(self.native_launcher),) if self.native_launcher.is_file() else PYTHON_LAUNCHER

    @property
    def native_launcher(self) -> Path:
        """The compiled launcher, where there was a compiler."""
        return self.folder / "launcher"

    def entry(self, language: Language, *, cold: bool = False) -> str:
        """The entry module of a sandbox; `cold` is Python without its memory image."""
        name = "python-cold.js" if language is Language.PYTHON and cold else ENTRIES[language]
        return str(self.folder / name)

    def is_installed(self) -> bool:
        """Whether the runner and its packages are there."""
        return (self.folder / "installed").is_file()

    def damage(self) -> str:
        """The first file of the runner or its packages that is not what this build has; empty for none."""
        source = runner_source()
        for line in (source / HASHES).read_text().splitlines():
            expected, name = line.split()
            if _sha256(self.folder / "vendor" / name) != expected:
                return f"vendor/{name}"
        for path in sorted((source / "src").rglob("*.[tp][sy]")):
            name = str(path.relative_to(source))
            if _sha256(self.folder / name) != _sha256(path):
                return name
        return ""

    def mark_installed(self) -> None:
        """Note that all files are there."""
        (self.folder / "installed").touch()

    def image_is_valid(self) -> bool:
        """Whether the memory image is whole and of this build."""
        seal = self.folder / _SEAL
        try:
            return seal.read_text() == self._seal_of(self.image.read_bytes())
        except FileNotFoundError:
            return False

    def keep_image(self, image: bytes) -> None:
        """Store a memory image; a service that reads at the same time sees the old one or the new one."""
        part = self.folder / "python.image.part"
        part.write_bytes(image)
        part.replace(self.image)
        (self.folder / _SEAL).write_text(self._seal_of(image))

    def code_cache_is_filled(self) -> bool:
        """Whether Deno's code cache is there and closed."""
        return code_cache.is_filled(self.deno_dir)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep `prepare` of another version from removing the folder."""
        with _lock(self.folder, fcntl.LOCK_SH):
            yield

    def _seal_of(self, image: bytes) -> str:
        digest = hashlib.sha256(image)
        digest.update((self.folder / "vendor" / "pyodide.asm.wasm").read_bytes())
        digest.update(sources_key(self.deno).encode())
        return digest.hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@contextmanager
def _lock(folder: Path, kind: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def prepare_alone(workspace: Path) -> Iterator[None]:
    """Wait for any other `prepare` in the same workspace to end."""
    with _lock(workspace, fcntl.LOCK_EX):
        yield


def remove_unused(workspace: Path, kept: Path) -> None:
    """Remove runtime folders of other versions that no service uses."""
    for folder in workspace.glob(f"{PREFIX}*"):
        if folder == kept:
            continue
        try:
            with _lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
                shutil.rmtree(folder)
        except BlockingIOError:
            continue

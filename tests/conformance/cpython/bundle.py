"""Packs a module of the installed CPython test suite, and all that it needs, into one program."""

from __future__ import annotations

import ast
import base64
import importlib.util
import io
import re
import zipfile
from functools import cache
from pathlib import Path

DRIVER = Path(__file__).with_name("driver.py")
MODULE_NAME = re.compile(r"test(\.\w+)+")
NOT_INSTALLED = (
    "CPython's own test suite is not installed with the Python that runs pytest: install the package "
    "`test`, for example Debian's libpython3.11-testsuite"
)


class SuiteNotInstalledError(Exception):
    """There is no test suite to take modules from."""

    def __init__(self) -> None:
        """Say what to install."""
        super().__init__(NOT_INSTALLED)


@cache
def suite_folder() -> Path:
    """Return the folder of the package `test`."""
    try:
        found = importlib.util.find_spec("test.support")
    except ModuleNotFoundError:
        found = None
    if found is None or found.origin is None:
        raise SuiteNotInstalledError
    return Path(found.origin).parent.parent


def file_of(module: str) -> Path | None:
    """Return the source of a module of the suite, if there is such a module."""
    base = suite_folder().parent / module.replace(".", "/")
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


def parents(module: str) -> list[str]:
    """Return the packages that a module lies in, and the module."""
    parts = module.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def imported(source: bytes, package: str) -> set[str]:
    """Return every name in a source that may be a module of the suite, strings included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            prefix = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            names.add(prefix)
            names.update(f"{prefix}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
    return {name for name in names if MODULE_NAME.fullmatch(name)}


def submodules(module: str) -> list[str]:
    """Return every module in a package of the suite; of a plain module, none."""
    path = file_of(module)
    if path is None or path.name != "__init__.py":
        return []
    inner = [found.relative_to(path.parent).with_suffix("") for found in path.parent.rglob("*.py")]
    return [".".join([module, *found.parts]) for found in inner if found.name != "__init__"]


def package_of(module: str, path: Path) -> str:
    """Return the package that relative imports in a module start from."""
    return module if path.name == "__init__.py" else module.rpartition(".")[0]


def closure(modules: list[str]) -> set[Path]:
    """Return the sources of modules of the suite and of all that they import from it."""
    waiting = ["test", "test.support", *modules]
    for module in modules:
        waiting += submodules(module)
    seen: set[str] = set()
    sources: set[Path] = set()
    while waiting:
        module = waiting.pop()
        path = file_of(module)
        if module in seen or path is None:
            continue
        seen.add(module)
        sources.add(path)
        waiting += parents(module)
        waiting += imported(path.read_bytes(), package_of(module, path))
    return sources


def data_files(patterns: list[str]) -> set[Path]:
    """Return the files of the suite that match patterns; each has to match something."""
    files: set[Path] = set()
    for pattern in patterns:
        files |= {path for path in suite_folder().glob(pattern) if path.is_file()}
    return files


def pack(files: set[Path]) -> str:
    """Return files of the suite as an archive in text."""
    root = suite_folder().parent
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(files):
            archive.writestr(str(path.relative_to(root)), path.read_bytes())
    return base64.b85encode(packed.getvalue()).decode()


def program(modules: list[str], data: list[str], deselected: list[str]) -> str:
    """Return the program that runs modules of the suite and returns what became of their tests."""
    archive = pack(closure(modules) | data_files(data))
    call = f"return_val(run_suite({archive!r}, {modules!r}, {deselected!r}))\n"
    return DRIVER.read_text(encoding="utf-8") + "\n\n" + call

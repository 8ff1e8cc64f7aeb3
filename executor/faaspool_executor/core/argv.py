"""The command line and environment of a sandbox's process."""

from faaspool_contract.names import Language

FLAGS = (
    "run",
    "--quiet",
    "--no-prompt",
    "--no-remote",
    "--deny-import",
    "--no-npm",
    "--cached-only",
    "--no-config",
    "--no-lock",
    "--unstable-raw-imports",
)
"""No permission is granted, and the one that Deno grants by itself, importing from a list of hosts, is denied;
nothing is fetched, asked for or configured from the working folder."""

V8_FLAGS = "--no-wasm-deopt"
"""Python's interpreter loop is optimised while a sandbox waits; undoing a wrong guess costs the task 4 ms."""


def sandbox_argv(deno: str, entry: str, *, heap_megabytes: int) -> list[str]:
    """The command that starts a sandbox."""
    return [deno, *FLAGS, f"--v8-flags={V8_FLAGS},--max-old-space-size={heap_megabytes}", entry]


def sandbox_environment(deno_dir: str) -> dict[str, str]:
    """All that a sandbox's process finds in its environment; its programs see none of it."""
    return {
        "DENO_DIR": deno_dir,
        "DENO_NO_UPDATE_CHECK": "1",
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        # The compilers' short-lived memory goes back to the system: a third of an idle sandbox.
        "MALLOC_TRIM_THRESHOLD_": "1000000",
        "NO_COLOR": "1",
        "TZ": "UTC",
    }


ENTRIES = {
    Language.JAVASCRIPT: "src/javascript/main.ts",
    Language.TYPESCRIPT: "src/typescript/main.ts",
    Language.PYTHON: "python.js",
}
"""Entry modules, relative to the runtime folder."""

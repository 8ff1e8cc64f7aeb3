"""`python -m faaspool_executor.reference settings|metrics`: pages of the documentation, from the code."""

import sys
from dataclasses import fields

from faaspool_executor.settings import Settings, default_text
from faaspool_gateway.metrics import metrics_page

_HEAD = """# Settings

All settings are environment variables, read once at start. A value that cannot be read stops the start with
one line that names the variable, the value and what is accepted. Sizes are written `512M`, `2G` or as bytes.

<!-- Written by `make docs` from executor/faaspool_executor/settings.py: change it there. -->

| variable | default | meaning |
| --- | --- | --- |
"""


def settings_page() -> str:
    """The page, as Markdown."""
    rows = []
    for item in fields(Settings):
        default = default_text(item)
        shown = f"`{default}`" if default else "none"
        rows.append(f"| `{item.metadata['variable']}` | {shown} | {item.metadata['meaning']} |\n")
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    print({"settings": settings_page, "metrics": metrics_page}[sys.argv[1]](), end="")

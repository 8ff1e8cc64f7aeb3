"""Lists what the image holds, as CycloneDX 1.5: Python's packages, the runner's npm packages, Debian's.

Runs once, while the image is built: `python3 sbom.py deno.lock > sbom.json`.
"""

import json
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any


def component(kind: str, name: str, version: str, **more: object) -> dict[str, Any]:
    """One entry; `kind` is a type of package URL (https://github.com/package-url/purl-spec)."""
    purl = f"pkg:{kind}/{name.replace('@', '%40')}@{version}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}


def npm_packages(lock: Path) -> list[dict[str, Any]]:
    """The packages of a Deno lock file, with the hashes of their archives."""
    packages = json.loads(lock.read_text())["npm"]
    found = []
    for key, value in packages.items():
        name, _, version = key.rpartition("@")
        found.append(component("npm", name, version, properties=[{"name": "integrity", "value": value["integrity"]}]))
    return found


def debian_packages() -> list[dict[str, Any]]:
    """What dpkg has installed."""
    asked = ["dpkg-query", "--show", "--showformat=${Package} ${Version}\\n"]
    listed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return [component("deb/debian", *line.split()) for line in listed.splitlines()]


def main() -> None:
    """Print the document."""
    python = [component("pypi", one.metadata["Name"].lower(), one.version) for one in distributions()]
    components = sorted([*python, *npm_packages(Path(sys.argv[1])), *debian_packages()], key=lambda one: one["purl"])
    document = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()

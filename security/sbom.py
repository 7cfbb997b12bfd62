"""`make sbom`: a CycloneDX list of what deploy/image.lock installs, the same for the same lock.

python security/sbom.py PYTHON_OF_THE_SCANNERS FILE
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "deploy" / "image.lock"


def make(python: str, file: Path) -> None:
    """Write the list. Raises CalledProcessError where it does not fit the format's schema."""
    command = [python, "-m", "cyclonedx_py", "requirements", str(LOCK), "--output-reproducible"]
    command += ["--spec-version", "1.6", "--output-format", "JSON", "--validate"]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "--output-file", "-"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    found.pop("serialNumber", None)
    found["metadata"].pop("timestamp", None)
    file.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]))

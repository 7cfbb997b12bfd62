"""The control of detect-secrets: a key that somebody pasted is found, and an innocent file is not.

python security/plant.py DETECT_SECRETS_HOOK
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

BASELINE = Path(__file__).parent / "secrets.json"
# Put together here, so that no scanner of anybody's takes this file for a leak.
PLANTED = {
    "a password in a URL": "store_url = 'postgresql://shop:" + "xk3Qw9Zp" + "@db.example/shop'",
    "a key": "INFLUENCE_API_KEY = '" + "f3b1c9d27a" * 4 + "'",
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
}
INNOCENT = "INFLUENCE_API_KEY is set in the environment\n"


def found(hook: str, text: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "settings.py"
        file.write_text(text + "\n", encoding="utf-8")
        done = subprocess.run(
            [hook, "--baseline", str(BASELINE), str(file)], check=False, capture_output=True
        )
    return done.returncode != 0


def main(hook: str) -> int:
    wrong = [
        f"detect-secrets misses {name}" for name, text in PLANTED.items() if not found(hook, text)
    ]
    if found(hook, INNOCENT):
        wrong.append("detect-secrets finds a secret where there is none")
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

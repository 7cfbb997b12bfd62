"""Where a Chromium is, and how it is started. Playwright drives it; its own download is not needed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The names that Debian, Ubuntu, Fedora, Arch and Google's own packages give it.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Another one: a folder of its own, or where playwright has put its download.
VARIABLE = "CHROMIUM"


def executable() -> Path | None:
    """Give the browser's file: what the variable CHROMIUM names, else the first on the path."""
    named = os.environ.get(VARIABLE)
    found = [named] if named else [shutil.which(name) for name in _NAMES]
    return next((Path(file) for file in found if file and Path(file).is_file()), None)


def why_not() -> str | None:
    """Say why no browser can be started; None where one can."""
    if find_spec("playwright") is None:
        return "playwright is not installed: pip install '.[dev]'."
    if executable() is None:
        return (
            f"No Chromium was found (looked for {', '.join(_NAMES)}). `make browser` as root "
            f"installs Debian's; or name one in the variable {VARIABLE}."
        )
    return None


@contextmanager
def browser() -> Iterator[Browser]:
    """Run a headless Chromium beside the block."""
    from playwright.sync_api import sync_playwright

    # Chromium refuses its own sandbox as root; /dev/shm is small in containers.
    options = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable(), args=options)
        try:
            yield started
        finally:
            started.close()

"""What goes wrong on a page without anybody asserting on it: exceptions, failed calls, toasts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Response

# Dagster's words for what went wrong in our code, wherever on the page they stand.
_TROUBLE = re.compile(
    r"unexpected (GraphQL )?error|PythonError|DagsterUserCode\w*Error|Traceback \(most recent|"
    r"failed to load|could not be loaded",
    re.IGNORECASE,
)
_TOAST = "[data-sonner-toast]"
_OF_A_TOAST = re.compile(r"error|fail|could not|unable", re.IGNORECASE)


class Watch:
    """Listens to one page from its start, and says what it has heard."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._heard: list[str] = []
        page.on("pageerror", lambda error: self._heard.append(f"exception: {error}"))
        page.on("console", self._on_console)
        page.on("response", self._on_response)

    def look(self) -> None:
        """Note the toasts and error texts that stand on the page now; they may go again."""
        for toast in self._page.locator(_TOAST).all_inner_texts():
            if _OF_A_TOAST.search(toast):
                self._heard.append(f"toast: {toast}")
        found = _TROUBLE.search(self._page.locator("body").inner_text())
        if found:
            self._heard.append(f"on the page: {found.group(0)}")

    def heard(self) -> list[str]:
        return list(dict.fromkeys(self._heard))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._heard.append(f"console: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self._heard.append(f"{response.status}: {response.request.method} {response.url}")

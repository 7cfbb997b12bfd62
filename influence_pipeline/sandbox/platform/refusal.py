"""The one exception of the sandbox: a call that is refused, with the words the caller reads."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818  (it is an answer, not an error of the sandbox)
    """The call is answered with `status` and `{"message": message}`; nothing of it is kept."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def not_found(what: str) -> Refused:
    """404 in the API's own words, as in "Order not found" (contract: Orders, Customers)."""
    return Refused(404, f"{what} not found")

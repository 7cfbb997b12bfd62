"""A database that goes silent without hanging up, as a host does that lost its power or network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from influence_pipeline_tests.support.proxied_postgres import PostgresProxy


@dataclass(frozen=True)
class Line:
    """A way to a Postgres, through the fault proxy. `url` leads along it."""

    url: str
    _proxy: PostgresProxy

    def freeze(self, *, new_ones_too: bool = False) -> None:
        """Nothing comes any more on the connections that are open."""
        self._proxy.freeze(new_ones_too=new_ones_too)

    def close(self) -> None:
        """Break off what was frozen."""
        self._proxy.quiet()


@contextmanager
def line_to(url: str, proxy: PostgresProxy) -> Iterator[Line]:
    """Give a way to this database; what was frozen is broken off at the end of the block."""
    try:
        yield Line(proxy.through(url), proxy)
    finally:
        proxy.quiet()

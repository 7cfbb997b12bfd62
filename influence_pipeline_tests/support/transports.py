"""Transports for tests: the real one, and one that acknowledges before it sends."""

from __future__ import annotations

from collections.abc import Sequence

from influence_pipeline.platform_api.calls import Call, Reply, Transport
from influence_pipeline.platform_api.curl import CurlTransport
from influence_pipeline.settings import Settings


def real(settings: Settings) -> Transport:
    """The transport that the engine makes for itself."""
    given = settings.config.delivery
    return CurlTransport(
        settings.environment.api_url,
        settings.secret("api_key"),
        in_flight=given.in_flight,
        timeout_seconds=given.timeout_seconds,
        connect_timeout_seconds=given.connect_timeout_seconds,
    )


class AcknowledgesFirst:
    """Broken: says that a call is done, and makes it when the run is over.

    What a pipeline does that moves its cursor before it sends. Nothing is lost by it unless the
    process dies in between.
    """

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._said: list[tuple[object, Reply]] = []
        self._owed: list[Call] = []

    def submit(self, call: Call, token: object) -> None:
        self._owed.append(call)
        self._said.append((token, Reply(200, b"{}")))

    def poll(self, timeout: float) -> Sequence[tuple[object, Reply]]:
        said, self._said = self._said, []
        return said

    def close(self) -> None:
        for call in self._owed:
            self._inner.submit(call, call)
            while not self._inner.poll(0.05):
                pass
        self._inner.close()

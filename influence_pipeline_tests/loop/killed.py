"""Processes of the way back that kill themselves (kill -9) the n-th time they pass a named point: the
receiver, and who makes coupons. Without a point they live."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks import intake, receiver, storing
from influence_pipeline.webhooks.context import handler_context
from influence_pipeline.webhooks.handlers import work_off
from influence_pipeline.webhooks.inbox import Delivery
from influence_pipeline.webhooks.threads import Share

# The receiver has the head and a part of a body; it has no name for it.
MID_BODY = "receiver: in the middle of a body"
RECEIVER_POINTS = (MID_BODY, intake.BODY_READ, storing.BEFORE_COMMIT, storing.AFTER_COMMIT)


def _dying_at(point: str | None, number: int) -> Callable[[str], None]:
    passed = 0

    def at(here: str) -> None:
        nonlocal passed
        passed += here == point
        if here == point and passed >= number:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


async def _answer_first(self: Any, request: Any, body: bytes, share: Share) -> Any:
    """Broken: what is not on disk yet is answered 200."""
    headers = intake._kept(request)
    delivery = Delivery(body, headers.get("x-webhook-topic"), headers.get("x-webhook-id"), headers)
    self._store_in.submit(delivery, share.hand_over())
    return intake.PlainTextResponse("stored\n")


def receive_until(
    point: str | None, number: int, port: int, port_file: str, broken: bool = False
) -> None:
    """Receive webhooks by the settings in the environment, until killed. `broken`: one that answers
    before it stores, and has sent its answer when it dies."""
    at = _dying_at(point, number)
    if broken:
        dies, intake._Receiver._store = at, _answer_first  # type: ignore[method-assign]

        def at(here: str) -> None:
            time.sleep(0.5)
            dies(here)

    receiver.create_app = partial(intake.create_app, at=at)
    if point == MID_BODY:
        grow = Share.grow

        def growing(self: Share, size: int) -> Any:
            at(MID_BODY)
            return grow(self, size)

        Share.grow = growing  # type: ignore[method-assign]
    settings = load_settings()
    receiver.serve(settings, port=port, port_file=Path(port_file), announce=lambda _: None)


def make_coupons_until(point: str, number: int) -> None:
    """Work off what is due by the settings in the environment."""
    context = handler_context(load_settings())
    context.at = _dying_at(point, number)
    work_off(open_state(os.environ["INFLUENCE_STATE_URL"]), context)

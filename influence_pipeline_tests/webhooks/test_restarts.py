"""T5: receiver and Postgres killed and started again under senders that repeat until 200. Nothing
that was answered 200 is lost, nothing is doubled."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.webhooks.receiving import variant
from influence_pipeline_tests.webhooks.restarts import at_random, site
from influence_pipeline_tests.webhooks.senders import Senders, judge

pytestmark = pytest.mark.proves("T5")

# Whoever writes an acknowledgement before the disk has it.
RELAXED = variant(
    "from influence_pipeline.webhooks import inbox\n"
    "texts = inbox._SQL._texts\n"
    "for name, text in texts.items():\n"
    "    texts[name] = text.replace('synchronous_commit = on', 'synchronous_commit = off')\n"
)


@pytest.mark.seeds(1)
def test_nothing_answered_200_is_lost_when_receiver_and_postgres_are_killed(
    tmp_path: Path, tally: Tally, seed: int
) -> None:
    restarted(tmp_path, tally, seed, receiver=1, postgres=2, both=1, events=800)


@pytest.mark.slow
@pytest.mark.seeds(0, slow=1)
def test_nothing_answered_200_is_lost_in_80_restarts(
    tmp_path: Path, tally: Tally, seed: int
) -> None:
    restarted(tmp_path, tally, seed, receiver=50, postgres=20, both=10, events=40_000)


def restarted(
    folder: Path,
    tally: Tally,
    seed: int,
    *,
    receiver: int,
    postgres: int,
    both: int,
    events: int,
) -> None:
    chance = random.Random(seed)
    kinds = ["receiver"] * receiver + ["postgres"] * postgres + ["both"] * both
    chance.shuffle(kinds)
    with site(folder) as made:
        senders = Senders(made.port)
        senders.start()
        try:
            for number, kind in enumerate(kinds):
                senders.a_few_more(chance.randrange(20, 200))
                at_random(made, chance, kind)
                senders.until(events * number // len(kinds))
            senders.until(events)
        finally:
            senders.stop()
        verdict = judge(made.state_url, senders.answered)
        log = made.receiver.log
    tally(
        len(senders.answered),
        "deliveries",
        lost=len(verdict.lost),
        doubled=len(verdict.doubled),
    )
    assert (verdict.lost, verdict.doubled) == ([], [])
    assert verdict.stored == len(senders.answered) >= events
    assert set(senders.statuses) <= {0, 200, 503}
    assert "Traceback" not in log


def test_control_without_waiting_for_the_disk_deliveries_answered_200_are_lost(
    tmp_path: Path,
) -> None:
    with site(tmp_path, workers=1, program=RELAXED) as made:
        senders = Senders(made.port)
        senders.start()
        try:
            for _ in range(4):
                senders.a_few_more(150)
                made.stop_postgres()
                made.start_postgres()
        finally:
            senders.stop()
        assert judge(made.state_url, senders.answered).lost != []

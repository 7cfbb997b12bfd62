"""T6: the same events many times over, in any order, at two receivers on one state. Counts are exact,
and each code is a coupon once."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa

from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks import events, inbox
from influence_pipeline.webhooks.inbox import Delivery, Result, Stored
from influence_pipeline.webhooks.receiver import create_app
from influence_pipeline.webhooks.storing import GroupedStore
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.webhooks.builders import encoded, redemption
from influence_pipeline_tests.webhooks.conftest import UNVERIFIED, Store
from influence_pipeline_tests.webhooks.receiving import receiver
from influence_pipeline_tests.webhooks.senders import Connection, send_each
from influence_pipeline_tests.webhooks.test_receiver import running, settings, stored, until

SENDERS = 16

pytestmark = pytest.mark.proves("T6")


@dataclass
class Mixture:
    """Deliveries in the order in which they are sent. `redemptions`: the codes that each customer's
    redemption was sent with."""

    deliveries: list[bytes]
    redemptions: list[set[str]]


def mixture(seed: int, deliveries: int) -> Mixture:
    """Draw redemptions of four kinds: told several times; told with another body; with another body
    that has another code; and told under another id with the same code."""
    chance = random.Random(seed)
    sent: list[bytes] = []
    redemptions = []
    for number in itertools.count(1):
        if len(sent) >= deliveries:
            break
        first = redemption(number)
        changes: list[dict[str, Any]] = [
            {},
            {"points": -501},
            {"couponCode": f"OTHER-{number:04d}"},
            {"id": f"again-{number}"},
        ]
        other = first | chance.choice(changes)
        bodies = sorted({encoded(first), encoded(other)})
        redemptions.append({str(first["couponCode"]), str(other["couponCode"])})
        sent += bodies
        sent += chance.choices(bodies, k=chance.randrange(6))
    # Disorder over a stretch of a few events, so that the same ones meet each other.
    order = sorted(range(len(sent)), key=lambda place: place + chance.uniform(0, 60))
    return Mixture([sent[place] for place in order], redemptions)


def wrong(rows: list[Any], sent: Mixture) -> list[str]:
    """Compare the inbox with what was sent; give what is not as it must be, in words."""
    found = []
    times = Counter(hashlib.sha256(body).digest() for body in sent.deliveries)
    kept = Counter(bytes(row.body_sha256) for row in rows)
    if doubled := [body for body, count in kept.items() if count > 1]:
        found.append(f"{len(doubled)} bodies are in the inbox more than once")
    if kept.keys() != times.keys():
        found.append(f"{len(kept.keys() ^ times.keys())} bodies are missing, or nobody sent them")
    if miscounted := [row for row in rows if row.deliveries != times[bytes(row.body_sha256)]]:
        found.append(f"{len(miscounted)} rows count other deliveries than were made")
    counting = Counter(row.dedupe_key for row in rows if not row.conflicts)
    if set(counting.values()) != {1} or counting.keys() != {row.dedupe_key for row in rows}:
        found.append("a key does not count once")
    return found


def send(sent: Mixture, ports: list[int]) -> None:
    connections = [Connection(ports[number % len(ports)]) for number in range(SENDERS)]
    statuses = send_each([one.post for one in connections], sent.deliveries)
    for one in connections:
        one.close()
    assert statuses == {200: len(sent.deliveries)}


@pytest.mark.seeds(1)
def test_2000_deliveries_with_duplicates_and_disorder_are_each_counted_and_made_once(
    tmp_path: Path,
    state: Postgres,
    state_url: str,
    store: Store,
    toml: Path,
    tally: Tally,
    seed: int,
) -> None:
    sent = mixture(seed, 2000)
    duplicated(tmp_path, state, state_url, store, toml, tally, sent)


@pytest.mark.slow
@pytest.mark.seeds(0, slow=3)
def test_10000_deliveries_with_duplicates_and_disorder_are_each_counted_and_made_once(
    tmp_path: Path,
    state: Postgres,
    state_url: str,
    store: Store,
    toml: Path,
    tally: Tally,
    seed: int,
) -> None:
    sent = mixture(seed, 10_000)
    duplicated(tmp_path, state, state_url, store, toml, tally, sent)


def duplicated(
    folder: Path,
    state: Postgres,
    state_url: str,
    store: Store,
    toml: Path,
    tally: Tally,
    sent: Mixture,
) -> None:
    toml.write_text(UNVERIFIED)
    variables = {"INFLUENCE_CONFIG": str(toml), "INFLUENCE_COUPON_URL": store.url}
    with ExitStack() as stack:
        receivers = []
        for name, workers in (("one", 2), ("two", 1)):
            (folder / name).mkdir()
            made = receiver(folder / name, state_url, variables, workers=workers)
            receivers.append(stack.enter_context(made))
        send(sent, [one.port for one in receivers])
        until(lambda: not [row for row in stored(state) if row.state == "new"], seconds=120)
    made_codes = Counter(store.codes())
    # Of a redemption's codes exactly one is a coupon, whatever it was told with.
    made = [sum(made_codes[code] for code in codes) for codes in sent.redemptions]
    tally(len(sent.deliveries), "deliveries")
    tally(
        len(made),
        "redemptions",
        lost=sum(times < 1 for times in made),
        doubled=sum(times > 1 for times in made),
    )
    assert wrong(stored(state), sent) == []
    assert made == [1] * len(sent.redemptions)
    assert sum(made_codes.values()) == len(made)


# -- control ---------------------------------------------------------------------------------------


def looks_first(connection: sa.Connection, delivery: Delivery) -> Stored:
    """What everybody writes first: look whether it is there, insert it if not."""
    reading = events.read(delivery.topic, delivery.body)
    values = inbox._values(reading, delivery)
    known = connection.execute(
        sa.text("SELECT id FROM inbox WHERE dedupe_key = :dedupe_key"), values
    ).scalar()
    if known is not None:
        return Stored(known, Result.DUPLICATE)
    new = connection.execute(inbox._SQL["insert"], values).scalar_one()
    return Stored(new, Result.NEW)


def test_control_a_receiver_that_looks_before_it_inserts_doubles_events(
    tmp_path: Path, state: Postgres, state_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(inbox, "store", looks_first)
    monkeypatch.setattr(GroupedStore, "_store_new", lambda self, given: [None] * len(given))
    with closing(psycopg2.connect(state_url)) as connection:
        connection.cursor().execute(
            "ALTER TABLE influence.inbox DROP CONSTRAINT inbox_dedupe_key_body_sha256_key; "
            "DROP INDEX influence.inbox_dedupe_key_idx"
        )
        connection.commit()
    sent = mixture(0, 1000)
    with two_receivers(state, state_url) as ports:
        send(sent, ports)
    assert any("more than once" in words for words in wrong(stored(state), sent))


@contextmanager
def two_receivers(state: Postgres, state_url: str) -> Iterator[list[int]]:
    with ExitStack() as stack:
        apps = [create_app(settings(state_url), state) for _ in range(2)]
        yield [int(stack.enter_context(running(app)).rpartition(":")[2]) for app in apps]

"""T12: whatever the bytes, no answer is 500, nothing crashes, memory stays, and all that came with a
valid token is in the inbox byte for byte."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks.events import Topic
from influence_pipeline.webhooks.intake import LARGEST_BODY
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.webhooks import nasty
from influence_pipeline_tests.webhooks.builders import TOKEN, encoded, redemption
from influence_pipeline_tests.webhooks.receiving import COMMAND, Receiver, lives, receiver, variant
from influence_pipeline_tests.webhooks.senders import Connection

pytestmark = pytest.mark.proves("T12")

# Sent at one time, by as many connections.
TOGETHER = 16
MOST_GROWTH_MB = 50


@dataclass
class Target:
    """A receiver process, and connections to it and to its inbox."""

    receiver: Receiver
    connections: list[Connection]
    pool: ThreadPoolExecutor
    inbox: Any
    sent: int = 0

    def deliver(self, deliveries: list[tuple[str, bytes]]) -> None:
        """Send all at once; each must be answered 200 and be in the inbox as it is."""
        shares = [deliveries[number :: len(self.connections)] for number in range(TOGETHER)]

        def send(connection: Connection, share: list[tuple[str, bytes]]) -> set[int]:
            return {connection.post(body, topic) for topic, body in share}

        statuses = set().union(*self.pool.map(send, self.connections, shares))
        assert statuses <= {200}
        self.sent += len(deliveries)
        with self.inbox.cursor() as cursor:
            digests = [hashlib.sha256(body).digest() for _, body in deliveries]
            cursor.execute(
                "SELECT body FROM influence.inbox WHERE body_sha256 = ANY(%s::bytea[])", [digests]
            )
            kept = {bytes(body) for (body,) in cursor}
        assert kept == {body for _, body in deliveries}

    def counted(self) -> int:
        """How many deliveries the inbox has counted."""
        with self.inbox.cursor() as cursor:
            cursor.execute("SELECT sum(deliveries) FROM influence.inbox")
            return int(cursor.fetchone()[0])

    def most_memory_mb(self) -> float:
        status = Path(f"/proc/{self.receiver.process.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024


@contextmanager
def standing(
    folder: Path, state_url: str, program: Sequence[str] = COMMAND
) -> Iterator[tuple[Target, float]]:
    """A receiver that is warm, and what memory it had then at most, in MB."""
    with ExitStack() as stack:
        started = stack.enter_context(receiver(folder, state_url, workers=1, program=program))
        connections = [
            stack.enter_context(closing(Connection(started.port))) for _ in range(TOGETHER)
        ]
        pool = stack.enter_context(ThreadPoolExecutor(TOGETHER))
        inbox = stack.enter_context(closing(psycopg2.connect(state_url)))
        inbox.autocommit = True
        made = Target(started, connections, pool, inbox)
        # What its threads and buffers need once is no growth.
        made.deliver([("points/redeemed", b'"%d' % n + b"x" * 200_000 + b'"') for n in range(64)])
        yield made, made.most_memory_mb()


@pytest.fixture
def target(tmp_path: Path, state: Postgres, state_url: str) -> Iterator[Target]:
    with standing(tmp_path, state_url) as (made, before):
        yield made
        assert made.most_memory_mb() - before < MOST_GROWTH_MB
        assert made.counted() == made.sent
        assert lives(made.receiver.process.pid)
        assert "Traceback" not in made.receiver.log
        assert TOKEN not in made.receiver.log


def test_over_a_hundred_nasty_bodies_are_kept_byte_for_byte(target: Target, tally: Tally) -> None:
    bodies = list(nasty.bodies().values())
    assert len(set(bodies)) >= 100
    for topic in ("points/redeemed", "customers/updated"):
        target.deliver([(topic, body) for body in bodies])
    tally(2 * len(bodies), "bodies by hand")


def test_requests_that_no_client_would_make_get_no_500(target: Target, tally: Tally) -> None:
    answers = {
        name: by_hand(target.receiver.port, sent) for name, sent in nasty.requests_by_hand().items()
    }
    tally(len(answers), "requests by hand")
    strange_but_whole = {"10,000 headers", "a header of 200 kB", "an upgrade", "HTTP/0.9"}
    taken = {name for name, status in answers.items() if status == 200}
    assert taken <= strange_but_whole
    target.sent += len(taken)
    assert set(answers.values()) <= {0, 200, 400, 404, 413, 415}, answers
    assert (answers["a length of 1 TB"], answers["chunked over the cap"]) == (413, 413)
    assert (answers["gzip"], answers["gzip, chunked"]) == (415, 415)
    target.deliver([("points/redeemed", b"{}")])


def test_a_head_without_an_end_is_hung_up_on_before_it_fills_the_memory(target: Target) -> None:
    endless = f"GET /healthz?{'x' * 60_000_000}".encode()
    many = b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000_000
    for sent in (endless, many):
        assert by_hand(target.receiver.port, sent) in (0, 400)
    assert requests.get(f"{target.receiver.url}/healthz", timeout=10).status_code == 200


def by_hand(port: int, sent: bytes) -> int:
    """Send bytes and wait until it hangs up, or says nothing more; give the status, 0 without one
    (it hung up while bytes were on their way)."""
    came = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have heard enough
            connection.sendall(sent)
        connection.settimeout(1)
        with suppress(ConnectionResetError, TimeoutError):
            while chunk := connection.recv(4096):
                came += chunk
    words = came.split(b" ")
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def test_the_limit_is_exact_however_the_body_comes(target: Target) -> None:
    address = f"{target.receiver.url}/webhooks/influence/{TOKEN}"

    def chunks(size: int) -> Iterator[bytes]:
        yield from (b"x" * 1000 for _ in range(size // 1000))
        yield b"x" * (size % 1000)

    for size, status in ((LARGEST_BODY, 200), (LARGEST_BODY + 1, 413)):
        with suppress(requests.ConnectionError):  # it may hang up while we still send
            assert requests.post(address, data=chunks(size), timeout=20).status_code == status
    target.sent += 1


# -- generated -------------------------------------------------------------------------------------

TEXT = st.text(st.characters(codec=None), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
PLACES = st.sampled_from([*redemption(), "updatedAt", "newTier", "customerReward", "redeemRule"])


@st.composite
def nearly_events(draw: st.DrawFn) -> bytes:
    """An event with some of its fields replaced by anything."""
    body = redemption(draw(st.integers(0, 50)), **draw(st.dictionaries(PLACES, JSON, max_size=3)))
    return json.dumps(body, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An event, or a nasty body, with bytes cut out and others put in."""
    raw = draw(st.sampled_from([encoded(redemption()), *SMALL]))
    place = draw(st.integers(0, len(raw)))
    return raw[:place] + draw(st.binary(max_size=8)) + raw[place + draw(st.integers(0, 8)) :]


SMALL = [body for body in nasty.bodies().values() if len(body) < 5000]
BODIES = (
    nearly_events()
    | damaged()
    | st.binary(max_size=500)
    | JSON.map(lambda value: json.dumps(value).encode())
)
# What a header may hold; HTTP refuses anything else before we see it.
HEADER = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40)
TOPICS = st.sampled_from([str(topic) for topic in Topic]) | HEADER
BATCHES = st.lists(st.tuples(TOPICS, BODIES), min_size=1, max_size=40)


def generated(target: Target, tally: Tally, least: int) -> None:
    """Deliver batches until at least so many bodies were sent."""
    began = target.sent

    @settings(
        max_examples=least // 10,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(BATCHES)
    def deliver(batch: list[tuple[str, bytes]]) -> None:
        target.deliver(batch)

    while target.sent - began < least:
        deliver()
    tally(target.sent - began, "generated bodies")


def test_thousands_of_generated_bodies_are_kept_byte_for_byte(target: Target, tally: Tally) -> None:
    generated(target, tally, 2_000)


@pytest.mark.slow
def test_50000_generated_bodies_are_kept_byte_for_byte(target: Target, tally: Tally) -> None:
    generated(target, tally, 50_000)


# -- controls --------------------------------------------------------------------------------------

# Whoever keeps text, or what the body means, where bytes were sent.
KEEPS_TEXT = variant(
    "import dataclasses\n"
    "from influence_pipeline.webhooks import inbox\n"
    "values = inbox._values\n"
    "def as_text(reading, delivery):\n"
    "    body = delivery.body.decode('utf-8', 'replace').encode()\n"
    "    return values(reading, dataclasses.replace(delivery, body=body))\n"
    "inbox._values = as_text\n"
)
PARSES_FIRST = variant(
    "import json\n"
    "from influence_pipeline.webhooks import events\n"
    "read = events.read\n"
    "def parsed(topic, body):\n"
    "    json.loads(body)\n"
    "    return read(topic, body)\n"
    "events.read = parsed\n"
)


@pytest.mark.parametrize("program", [KEEPS_TEXT, PARSES_FIRST], ids=["keeps text", "parses first"])
def test_control_a_receiver_that_takes_bodies_for_what_they_should_be_is_caught(
    tmp_path: Path, state: Postgres, state_url: str, program: Sequence[str]
) -> None:
    bodies = [("points/redeemed", body) for body in nasty.bodies().values()]
    with standing(tmp_path, state_url, program) as (target, _):
        with pytest.raises(AssertionError):
            target.deliver(bodies)

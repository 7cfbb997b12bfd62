"""T7: a real daemon; the coupon database is away, ticks and runs fail, the daemon is killed. Every
redemption has its coupon in the end, once.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import psycopg2
import pytest

from influence_pipeline.postgres import Postgres
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks import inbox
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support.chat import Chat
from influence_pipeline_tests.support.real_dagster import RealDagster, real_dagster
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.webhooks.builders import delivery, redemption
from influence_pipeline_tests.webhooks.conftest import (
    CREATE,
    LOOKUP,
    TABLE,
    TOML,
    Directory,
    reopen,
    shut,
)

pytestmark = pytest.mark.proves("T7")

PROOF = "influence_pipeline_tests.dagster_face.proof"
# Only what is tested runs: this store has no orders.
SETTINGS = """
[schedule]
sync = "0 0 1 1 *"
full_compare = "0 0 1 1 *"
[webhooks]
lease_seconds = 10
"""


@dataclass
class Till:
    """A store that takes any code twice, an inbox, and an API that knows the customers."""

    store_url: str
    state: Postgres
    folder: Path
    variables: dict[str, str]

    def deliver(self, numbers: range, *, seconds: float) -> None:
        """Put redemptions into the inbox, spread over so many seconds."""
        begins = time.monotonic()
        for place, number in enumerate(numbers):
            time.sleep(max(begins + seconds * place / len(numbers) - time.monotonic(), 0))
            with self.state.transaction() as connection:
                inbox.store(connection, delivery("points/redeemed", redemption(number)))

    def codes(self) -> Counter[str]:
        connection = psycopg2.connect(self.store_url)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT code FROM discount_code")
                return Counter(code for (code,) in cursor)
        finally:
            connection.close()

    def judge(self, numbers: range) -> list[str]:
        """Hold the store against what was redeemed: each code once, and no other."""
        found = self.codes()
        asked = [redemption(number)["couponCode"] for number in numbers]
        return [
            *(f"{code} has no coupon" for code in asked if not found[code]),
            *(f"{code} has {times} coupons" for code, times in found.items() if times > 1),
            *(f"{code} was never redeemed" for code in found if code not in asked),
        ]

    def settled(self) -> bool:
        return set(inbox.count_events(self.state)) == {"done"}

    @property
    def failed(self) -> int:
        """How many ticks and runs were made to fail."""
        file = Path(self.variables["SHAKEN_FILE"] + ".failed")
        return len(file.read_text()) if file.exists() else 0


@pytest.fixture
def till(tmp_path: Path, state_url: str, empty_database_url: str, seed: int) -> Iterator[Till]:
    connection = psycopg2.connect(empty_database_url)
    with connection:
        connection.cursor().execute(TABLE)
    connection.close()
    (tmp_path / "lookup.sql").write_text(LOOKUP)
    (tmp_path / "create.sql").write_text(CREATE)
    config = tmp_path / "influence.toml"
    config.write_text(TOML + SETTINGS)
    directory = Directory()
    directory.customers = {str(number): f"inf-{number}" for number in range(1, 1001)}
    variables = {
        "INFLUENCE_STORE_URL": empty_database_url,
        "INFLUENCE_COUPON_URL": empty_database_url,
        "INFLUENCE_STATE_URL": state_url,
        "INFLUENCE_API_URL": directory.url,
        "INFLUENCE_API_KEY": "key-0123456789",
        "INFLUENCE_CONFIG": str(config),
        "INFLUENCE_AUTOMATION": "on",
        "SHAKEN_FILE": str(tmp_path / "shaken"),
        "SHAKEN_SEED": str(seed),
    }
    state = open_state(state_url)
    yield Till(empty_database_url, state, tmp_path, variables)
    state.close()
    directory.close()


def _shake(
    till: Till, dagster: RealDagster, numbers: range, *, seconds: float, away: float, kills: int
) -> None:
    """Let redemptions come in while the store goes away and the daemon is killed."""
    sender = threading.Thread(target=till.deliver, args=(numbers,), kwargs={"seconds": seconds})
    sender.start()
    time.sleep(seconds / 5)
    shut(till.store_url)
    try:
        for _ in range(kills):
            time.sleep(away / kills)
            dagster.kill_daemon()
    finally:
        reopen(till.store_url)
    sender.join()


@pytest.mark.seeds(0, slow=3)
def test_every_redemption_has_its_coupon_once_whatever_fails(
    till: Till, chat: Chat, tally: Tally, request: pytest.FixtureRequest
) -> None:
    slow = request.node.get_closest_marker("slow") is not None
    numbers = range(1, 501 if slow else 61)
    till.variables["INFLUENCE_ALERT_URL"] = chat.url
    began = time.monotonic()
    with real_dagster(till.folder, f"{PROOF}.shaken", till.variables) as dagster:
        if slow:
            _shake(till, dagster, numbers, seconds=40, away=30, kills=3)
        else:
            _shake(till, dagster, numbers, seconds=6, away=6, kills=1)
        try:
            until(till.settled, "all to be settled", 300 - (time.monotonic() - began))
        except AssertionError:
            raise AssertionError(dagster.log) from None
        taken = time.monotonic() - began
        with dg.DagsterInstance.from_config(str(dagster.home)) as instance:
            runs = len(instance.get_runs())
    told = f"{taken:.0f} s, {till.failed} ticks or runs failed, {runs} runs"
    wrong = till.judge(numbers)
    tally(
        len(numbers),
        "redemptions",
        lost=sum(words.endswith("has no coupon") for words in wrong),
        doubled=sum(words.endswith("coupons") for words in wrong),
    )
    assert wrong == [], told
    if slow:
        # It was really shaken. Whether a backlog grows that is given to a run, the seed decides.
        assert till.failed >= 1, told
        assert [words for words in chat.said if " fail" in words], told


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_control_runs_with_the_event_as_their_key_lose_coupons(till: Till) -> None:
    numbers = range(1, 9)
    till.deliver(numbers, seconds=0)
    with real_dagster(till.folder, f"{PROOF}.run_per_event", till.variables) as dagster:
        with dg.DagsterInstance.from_config(str(dagster.home)) as instance:

            def ended() -> bool:
                runs = instance.get_runs()
                return len(runs) == len(numbers) and all(run.is_finished for run in runs)

            until(ended, "every event's run", 400)
            # What is still new is seen by more ticks, in vain.
            time.sleep(11)
            assert len(instance.get_runs()) == len(numbers)
    lost = till.judge(numbers)
    assert 0 < len(lost) < len(numbers)
    assert all(words.endswith("has no coupon") for words in lost)


@pytest.mark.parametrize("seed", [1])
def test_control_the_judge_sees_a_coupon_too_many(till: Till) -> None:
    connection = psycopg2.connect(till.store_url)
    with connection:
        connection.cursor().execute(
            "INSERT INTO discount_code (code, kind, usage_limit) VALUES"
            " ('LOYAL-0001', 'fixed', 1), ('LOYAL-0001', 'fixed', 1), ('OTHER', 'fixed', 1)"
        )
    connection.close()
    assert till.judge(range(1, 3)) == [
        "LOYAL-0002 has no coupon",
        "LOYAL-0001 has 2 coupons",
        "OTHER was never redeemed",
    ]

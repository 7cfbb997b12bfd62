"""The stand-in's ledger, on which every verdict stands: nothing in it can be changed or taken out,
and what the sandbox has answered is in it, whole, whenever the sandbox is killed."""

from __future__ import annotations

import itertools
import json
import random
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from influence_pipeline_tests.sandbox.platform_fixtures import KEY, Sandbox, order, running, until

# -- append-only -----------------------------------------------------------------------------------

REWRITES = [
    "UPDATE {table} SET at = 'never'",
    "UPDATE OR IGNORE {table} SET at = 'never'",
    "UPDATE OR REPLACE {table} SET id = 1 WHERE id = 2",
    "DELETE FROM {table}",
    "DELETE FROM {table} WHERE id = 1",
    "INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE id = 1",
    "REPLACE INTO {table} SELECT * FROM {table} WHERE id = 1",
    "INSERT INTO {table} SELECT * FROM {table} WHERE id = 1 ON CONFLICT (id) DO UPDATE SET at = ''",
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox")) as sandbox:
        sandbox.put_customer()
        sandbox.post_order("o-1")
        sandbox.post_order("o-2")
        yield sandbox


@pytest.mark.parametrize("table", ["calls", "movements"])
@pytest.mark.parametrize("statement", REWRITES)
def test_no_statement_changes_or_removes_what_was_written_down(
    told: Sandbox, table: str, statement: str
) -> None:
    before = [tuple(row) for row in told.rows(f"SELECT * FROM {table}")]
    with closing(sqlite3.connect(told.ledger)) as db:
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
            db.execute(statement.format(table=table))
        db.commit()
    assert len(before) >= 2
    assert [tuple(row) for row in told.rows(f"SELECT * FROM {table}")] == before


def test_a_movement_cannot_be_written_over_by_one_with_its_event_id(told: Sandbox) -> None:
    with closing(sqlite3.connect(told.ledger)) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute(
            "INSERT OR REPLACE INTO movements (movement_id, at, customer_id, kind, points,"
            " balance_after) SELECT movement_id, at, customer_id, kind, 1, 1 FROM movements LIMIT 1"
        )


def test_only_a_reset_empties_the_ledger_and_the_next_one_is_append_only_too(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as sandbox:
        sandbox.put_customer()
        sandbox.good("POST", "/sandbox/reset")
        assert sandbox.rows("SELECT * FROM calls") == []
        sandbox.put_customer()
        with closing(sqlite3.connect(sandbox.ledger)) as db:
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute("DELETE FROM calls")


# -- kill -9 ---------------------------------------------------------------------------------------


class Clients:
    """Each with one order after another: created, paid, refunded. `answered`: by method and order,
    how many calls were answered 200, by the clients' own record."""

    def __init__(self, sandbox: Sandbox, count: int = 6) -> None:
        self.answered: Counter[tuple[str, str]] = Counter()
        self._sandbox = sandbox
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(count)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def more(self, calls: int) -> None:
        """Wait until so many more have been answered."""
        enough = self.answered.total() + calls
        until(lambda: self.answered.total() >= enough, f"{calls} more answers", 180)

    def _work(self, number: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.headers["x-api-key"] = KEY
            customer = f"c-{number}"
            while not self._stopping.is_set():
                key = f"o-{next(self._numbers)}"
                self._call(session, "PUT", f"/v1/customers/{customer}", customer, {"phone": key})
                body = order(key, customerId=customer, email=f"{customer}@example.org")
                self._call(session, "POST", "/v1/orders", key, body)
                refund = {"financialStatus": "refunded"}
                self._call(session, "PATCH", f"/v1/orders/{key}", key, refund)

    def _call(
        self, session: requests.Session, method: str, path: str, key: str, body: dict[str, Any]
    ) -> None:
        try:
            reply = session.request(method, self._sandbox.url + path, json=body, timeout=10)
        except requests.RequestException:
            time.sleep(0.05)  # it is dead; another call comes when it lives again
            return
        if reply.status_code == 200:
            with self._lock:
                self.answered[method, key] += 1


def lost(sandbox: Sandbox, answered: Counter[tuple[str, str]]) -> list[str]:
    """What was answered 200 and is not in the ledger."""
    rows = sandbox.rows("SELECT method, key FROM calls WHERE outcome = 200 AND status = 200")
    noted = Counter((row["method"], row["key"]) for row in rows)
    return [f"{method} {key}" for method, key in (answered - noted)]


def half_there(sandbox: Sandbox) -> list[str]:
    """What is in one table of the ledger and not in the others, in words."""
    found = []
    calls = sandbox.rows("SELECT * FROM calls WHERE outcome = 200")
    done = Counter((row["method"], row["key"]) for row in calls)
    moved: dict[tuple[str, str], list[int]] = defaultdict(list)
    balances: Counter[str] = Counter()
    events = {json.loads(row["body"])["id"] for row in sandbox.rows("SELECT body FROM deliveries")}
    numbers = {row["id"] for row in calls}
    for row in sandbox.rows("SELECT * FROM movements ORDER BY id"):
        moved[row["order_id"], row["kind"]].append(row["points"])
        balances[row["customer_id"]] += row["points"]
        if row["call_id"] not in numbers:
            found.append(f"a movement of order {row['order_id']} without its call")
        if row["kind"] == "award" and row["movement_id"] not in events:
            found.append(f"an award of order {row['order_id']} without its webhook")
        if row["balance_after"] != balances[row["customer_id"]]:
            found.append(f"a balance after order {row['order_id']} that is not the sum")
    for row in sandbox.rows("SELECT * FROM orders"):
        key = row["order_id"]
        awards, deductions = moved.pop((key, "award"), []), moved.pop((key, "deduction"), [])
        if (row["posts"], row["patches"]) != (done["POST", key], done["PATCH", key]):
            found.append(f"order {key} without its calls")
        if (row["awards"], row["points_awarded"]) != (len(awards), sum(awards)):
            found.append(f"order {key} without its award")
        if (row["deductions"], row["points_deducted"]) != (len(deductions), -sum(deductions)):
            found.append(f"order {key} without its deduction")
        if not row["awards"] or (row["patches"] > 0) != (row["deductions"] > 0):
            found.append(f"order {key} as no call leaves it")
    found += [f"a movement of order {key} without the order" for key, _ in moved]
    for row in sandbox.rows("SELECT * FROM customers"):
        if row["point_balance"] != balances[row["customer_id"]]:
            found.append(f"customer {row['customer_id']} with another balance than its movements")
        if row["puts"] != done["PUT", row["customer_id"]]:
            found.append(f"customer {row['customer_id']} without its calls")
    return found


@contextmanager
def working(folder: Path, program: Sequence[str] | None = None) -> Iterator[Sandbox]:
    """A sandbox that tells its events to nobody in particular."""
    sandbox = Sandbox(folder, access_log=False, switches={"webhooks": {"delay_ms": 10**9}})
    if program is not None:
        sandbox.program = program
    try:
        sandbox.start()
        body = {"topic": "points/earned", "url": "http://127.0.0.1:9/"}
        sandbox.good("POST", "/v1/webhooks", body)
        yield sandbox
    finally:
        sandbox.close()


def killed(sandbox: Sandbox, kills: int, chance: random.Random) -> tuple[list[str], list[str]]:
    """Kill it so often in the midst of its work; gives what is lost and what is half there."""
    with Clients(sandbox) as clients:
        for _ in range(kills):
            clients.more(chance.randrange(1, 40))
            time.sleep(chance.uniform(0, 0.02))
            sandbox.kill()
            sandbox.start()
        clients.more(20)
    assert clients.answered.total() > kills
    return lost(sandbox, clients.answered), half_there(sandbox)


@pytest.mark.seeds(1)
def test_a_sandbox_killed_at_work_has_all_it_answered_and_nothing_by_halves(
    tmp_path: Path, seed: int
) -> None:
    with working(tmp_path) as sandbox:
        assert killed(sandbox, 4, random.Random(seed)) == ([], [])


@pytest.mark.slow
@pytest.mark.seeds(0, slow=2)
def test_so_it_has_after_twenty_kills(tmp_path: Path, seed: int) -> None:
    with working(tmp_path) as sandbox:
        assert killed(sandbox, 20, random.Random(seed)) == ([], [])


def broken(patch: str) -> Sequence[str]:
    """A program that runs the sandbox with something broken."""
    start = "from influence_pipeline.sandbox.platform.__main__ import main\nsys.exit(main())"
    return ("-c", f"import sys\n{patch}\n{start}")


# It answers before it commits: one commit for many calls.
COMMITS_LATER = broken(
    "from contextlib import contextmanager\n"
    "from influence_pipeline.sandbox.platform import ledger\n"
    "changes = 0\n"
    "@contextmanager\n"
    "def change(self, call, rules, switches):\n"
    "    global changes\n"
    "    changes += 1\n"
    "    if self.db.in_transaction and changes % 50 == 0:\n"
    "        self.db.execute('COMMIT')\n"
    "    if not self.db.in_transaction:\n"
    "        self.db.execute('BEGIN IMMEDIATE')\n"
    "    row = call.row(200) if call else None\n"
    "    number = call and self.db.execute(ledger.STATEMENTS['add_call'], row).lastrowid\n"
    "    yield ledger.Change(self.db, ledger.now(), number, rules, switches)\n"
    "    if call:\n"
    "        call.logged = True\n"
    "ledger.Ledger.change = change\n"
)
# Each statement is a transaction of its own, and takes a while.
COMMITS_EACH_STATEMENT = broken(
    "import time\n"
    "from contextlib import contextmanager\n"
    "from influence_pipeline.sandbox.platform import ledger\n"
    "run = ledger.Change.run\n"
    "def slow(self, statement, values):\n"
    "    time.sleep(0.005)\n"
    "    return run(self, statement, values)\n"
    "@contextmanager\n"
    "def change(self, call, rules, switches):\n"
    "    row = call.row(200) if call else None\n"
    "    number = call and self.db.execute(ledger.STATEMENTS['add_call'], row).lastrowid\n"
    "    yield ledger.Change(self.db, ledger.now(), number, rules, switches)\n"
    "    if call:\n"
    "        call.logged = True\n"
    "ledger.Change.run = slow\n"
    "ledger.Ledger.change = change\n"
)


def test_control_a_ledger_that_commits_after_the_answer_loses_calls(tmp_path: Path) -> None:
    with working(tmp_path, COMMITS_LATER) as sandbox:
        assert killed(sandbox, 3, random.Random(1))[0] != []


def test_control_a_ledger_without_transactions_is_left_half_written(tmp_path: Path) -> None:
    with working(tmp_path, COMMITS_EACH_STATEMENT) as sandbox:
        assert killed(sandbox, 6, random.Random(1))[1] != []


def test_a_late_call_that_a_kill_takes_away_leaves_nothing(tmp_path: Path) -> None:
    """Answered 504 and not worked off yet: it may be lost, as at a gateway, and never by halves."""
    with working(tmp_path) as sandbox:
        sandbox.put_customer()
        sandbox.fault("late", method="POST", ms=60_000)
        assert sandbox.post_order().status_code == 504
        sandbox.kill()
        sandbox.start()
        assert half_there(sandbox) == []
        assert sandbox.rows("SELECT * FROM orders") == []
        assert json.loads(sandbox.post_order().content)["order"]["pointsAwarded"] is True

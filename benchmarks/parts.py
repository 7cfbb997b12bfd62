"""Parts of a delivery, each alone: making bodies from rows, and writing acknowledgements down.

python -m benchmarks.parts [--records 50000] [--runs 5]
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from typing import Any

import psycopg2
import psycopg2.extensions
import psycopg2.extras

from benchmarks import command
from benchmarks.catalogue import named
from benchmarks.measure import beside_first
from benchmarks.peers.reverse_etl import SCHEMA, make_table
from benchmarks.peers.venvs import program
from benchmarks.processes import run_program
from benchmarks.rows import Section, section
from benchmarks.shops import Shop, open_shop
from influence_pipeline.platform_api.payloads import CustomerBody, Names, customer_body, encode

# Acknowledgements in one commit, as a worker writes them.
_BATCH = 500
_ROW_BY_ROW = 2000

_COLUMNS = "id, email, first_name, last_name, phone, birthday"
_IN_SQL = f"""
SELECT id, json_strip_nulls(row_to_json(body))::text FROM (
    SELECT id, lower(email) AS email, first_name AS "firstName", last_name AS "lastName", phone,
           extract(month FROM birthday)::int AS "birthdayMonth",
           extract(day FROM birthday)::int AS "birthdayDay"
    FROM {SCHEMA}.customers) AS body
"""
_AS_ROWS = f"SELECT {_COLUMNS} FROM {SCHEMA}.customers"
# What a canonical row is: the mapping's row as JSON, parsed.
_AS_JSON = f"SELECT id, to_jsonb(c) FROM (SELECT {_COLUMNS} FROM {SCHEMA}.customers) AS c"

# The columns of the state's own log of attempts.
_LOG = """
CREATE TABLE acknowledged (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),
    key text COLLATE "C" NOT NULL, http_status smallint, ms int, content_hash bigint)
"""
_INSERT = "INSERT INTO acknowledged (key, http_status, ms, content_hash)"

BENCHMARK = named("parts")
Connection = psycopg2.extensions.connection
Log = list[tuple[str, int, int, int]]


def main() -> None:
    parser = command.parser(BENCHMARK, __doc__)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=5, help="of which the median is taken")
    given = command.parse(parser, BENCHMARK, {"records": 2_000, "runs": 1})
    with (
        command.recording(BENCHMARK, given) as record,
        open_shop(round(given.records * 1.03), orders_per_customer=0) as shop,
    ):
        make_table(shop.store_url, given.records)
        record.measure("bodies", lambda: bodies(shop, given.records, given.runs))
        record.measure(
            "acknowledgements", lambda: acknowledgements(shop, given.records, given.runs)
        )


# -- bodies --------------------------------------------------------------------------------------


def bodies(shop: Shop, records: int, runs: int) -> Section:
    """Client CPU of one record, from the statement to the bytes that are sent."""
    ways: dict[str, Callable[[Connection], int]] = {
        "row_to_json in SQL": _by_sql,
        "dicts and json.dumps": _by_dicts,
        "pydantic, plain": _by_pydantic,
        "this project's checks and names (payloads.customer_body)": _by_payloads,
    }
    connection = psycopg2.connect(shop.store_url)
    rows = {}
    for name, way in ways.items():
        taken = []
        for _ in range(runs):
            before = time.process_time()
            assert way(connection) == records
            taken.append(time.process_time() - before)
        rows[name] = 1e6 * statistics.median(taken) / records
    connection.close()
    script = __file__.replace("parts.py", "peers/msgspec_rows.py")
    peer = [str(program("msgspec", "python")), script, shop.store_url, _AS_ROWS, str(runs)]
    rows["msgspec, plain"] = 1e6 * run_program(peer).said["cpu_seconds"] / records
    return section(
        "Bodies, client CPU a record",
        beside_first(rows, "us"),
        f"{records:,} customers, from the statement to the bytes that are sent.",
        runs=runs,
    )


def _read(connection: Connection, statement: str, **options: Any) -> list[Any]:
    with connection, connection.cursor(**options) as cursor:
        cursor.execute(statement)
        return list(cursor)


def _by_sql(connection: Connection) -> int:
    return len([body.encode() for _, body in _read(connection, _IN_SQL)])


def _by_dicts(connection: Connection) -> int:
    rows = _read(connection, _AS_ROWS, cursor_factory=psycopg2.extras.RealDictCursor)
    return len([encode({**row, "birthday": str(row["birthday"])}) for row in rows])


def _by_pydantic(connection: Connection) -> int:
    return len(
        [
            CustomerBody(
                email=email.lower(),
                firstName=first,
                lastName=last,
                phone=phone,
                birthdayMonth=birthday.month if birthday else None,
                birthdayDay=birthday.day if birthday else None,
            )
            .model_dump_json(exclude_none=True)
            .encode()
            for _, email, first, last, phone, birthday in _read(connection, _AS_ROWS)
        ]
    )


def _by_payloads(connection: Connection) -> int:
    names = Names()
    return len([encode(names.dump(customer_body(row))) for _, row in _read(connection, _AS_JSON)])


# -- acknowledgements ----------------------------------------------------------------------------


def acknowledgements(shop: Shop, records: int, runs: int) -> Section:
    """Rows a second into an append-only log, each batch its own commit."""
    log: Log = [(f"cus_{n:06}", 200, 50, n * 7_919_191) for n in range(records)]
    ways: dict[str, tuple[Callable[[Connection, Log], None], Log, int]] = {
        f"COPY, {_BATCH} in a commit": (_copy, log, _BATCH),
        f"COPY, {records:,} in a commit": (_copy, log, records),
        f"unnest, {_BATCH} in a commit": (_unnest, log, _BATCH),
        "row by row, a commit each": (_one, log[:_ROW_BY_ROW], 1),
    }
    connection = psycopg2.connect(shop.state_url)
    rows = {}
    for name, (way, lines, batch) in ways.items():
        taken = []
        for _ in range(runs):
            _empty(connection)
            began = time.perf_counter()
            for start in range(0, len(lines), batch):
                way(connection, lines[start : start + batch])
                connection.commit()
            taken.append(time.perf_counter() - began)
        rows[name] = len(lines) / statistics.median(taken)
    connection.close()
    return section(
        "Acknowledgements into an append-only log",
        beside_first(rows, "rows/s"),
        f"{records:,} rows; row by row {_ROW_BY_ROW:,}.",
        runs=runs,
    )


def _empty(connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS acknowledged")
        cursor.execute(_LOG)


def _copy(connection: Connection, log: Log) -> None:
    lines = io.StringIO(
        "".join(f"{key}\t{status}\t{ms}\t{hash_}\n" for key, status, ms, hash_ in log)
    )
    with connection.cursor() as cursor:
        cursor.copy_from(
            lines, "acknowledged", columns=("key", "http_status", "ms", "content_hash")
        )


def _unnest(connection: Connection, log: Log) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_INSERT} SELECT * FROM unnest(%s::text[], %s::smallint[], %s::int[], %s::bigint[])",
            [list(column) for column in zip(*log, strict=True)],
        )


def _one(connection: Connection, log: Log) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{_INSERT} VALUES (%s, %s, %s, %s)", log[0])


if __name__ == "__main__":
    main()

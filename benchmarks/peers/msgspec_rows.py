"""Rows to JSON bodies by msgspec, in an environment of its own: client CPU, the median of runs.

msgspec_rows.py STORE_URL STATEMENT RUNS
"""

import json
import statistics
import sys
import time

import msgspec  # type: ignore[import-not-found]
import psycopg2


class Customer(msgspec.Struct, omit_defaults=True):  # type: ignore[misc,call-arg]
    email: str
    firstName: str | None = None  # noqa: N815
    lastName: str | None = None  # noqa: N815
    phone: str | None = None
    birthdayMonth: int | None = None  # noqa: N815
    birthdayDay: int | None = None  # noqa: N815


store_url, statement, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
connection = psycopg2.connect(store_url)
encode = msgspec.json.Encoder().encode
taken = []
for _ in range(runs):
    before = time.process_time()
    with connection.cursor() as cursor:
        cursor.execute(statement)
        bodies = [
            encode(
                Customer(
                    email.lower(),
                    first,
                    last,
                    phone,
                    birthday.month if birthday else None,
                    birthday.day if birthday else None,
                )
            )
            for _, email, first, last, phone, birthday in cursor
        ]
    taken.append(time.process_time() - before)
print(json.dumps({"cpu_seconds": statistics.median(taken)}))

"""The judge of the inbox: is what was answered 200 stored exactly once, byte for byte?

A program of its own that imports nothing of the pipeline: `python -I inbox_judge.py --state URL`. It
reads what senders noted as answered from stdin, a JSON object a line (`key`, whatever the sender
calls it by, and `body`, base64), or the deliveries that a sandbox's ledger says were answered
(`--ledger FILE`), and the inbox's rows. Says as JSON which keys are `lost`, `doubled` (their body is
there more than once) and how many rows are `stored`; `spoiled` are rows whose body is not what its
own hash says. Exit status 0: all is well, 1: something is not.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sqlite3
import sys
from collections import Counter
from contextlib import closing

import psycopg2


def noted() -> dict[str, bytes]:
    """What the senders say was answered."""
    lines = (json.loads(line) for line in sys.stdin)
    return {line["key"]: base64.b64decode(line["body"]) for line in lines}


def in_ledger(file: str) -> dict[str, bytes]:
    """What the stand-in says was answered. A delivery that was sent twice has one event id."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as ledger:
        rows = ledger.execute("SELECT event_id, body FROM deliveries WHERE state = 'delivered'")
        return {f"event {event_id}": bytes(body) for event_id, body in rows}


def judge(state_url: str, answered: dict[str, bytes]) -> dict[str, object]:
    """Compare what was answered with the rows of the inbox."""
    with closing(psycopg2.connect(state_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT dedupe_key, body_sha256, body FROM influence.inbox")
        rows = [(key, bytes(sha), bytes(body)) for key, sha, body in cursor]
    bodies = Counter(body for _, _, body in rows)
    keys = Counter(key for key, _, _ in rows)
    return {
        "lost": [key for key, body in answered.items() if not bodies[body]],
        "doubled": sorted(
            {key for key, body in answered.items() if bodies[body] > 1}
            | {key for key, count in keys.items() if count > 1}
        ),
        "spoiled": [key for key, sha, body in rows if hashlib.sha256(body).digest() != sha],
        "stored": len(rows),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="inbox_judge.py")
    parser.add_argument("--state", required=True, metavar="URL")
    parser.add_argument("--ledger", metavar="FILE")
    given = parser.parse_args()
    verdict = judge(given.state, in_ledger(given.ledger) if given.ledger else noted())
    sys.stdout.write(json.dumps(verdict) + "\n")
    return int(any(verdict[kind] for kind in ("lost", "doubled", "spoiled")))


if __name__ == "__main__":
    sys.exit(main())

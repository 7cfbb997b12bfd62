"""What `make mutants` changes: the parts where an order, a webhook or a coupon could be lost or doubled.

Each area has its modules and the files of SQL beside them, because half of the safeguards are
there (`FOR UPDATE SKIP LOCKED`, `ON CONFLICT`, the terms of a `WHERE`).
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "influence_pipeline"

_SYNC = f"{PACKAGE}/sync"
_WEBHOOKS = f"{PACKAGE}/webhooks"
_COUPONS = f"{PACKAGE}/store/coupons"

AREAS: dict[str, tuple[str, ...]] = {
    "orders": (f"{_SYNC}/orders.py", f"{_SYNC}/points.py"),
    "deliver": (
        f"{_SYNC}/deliver.py",
        f"{_SYNC}/claims.py",
        f"{_SYNC}/outbox.py",
        f"{_SYNC}/deliver.sql",
    ),
    "capture": (f"{_SYNC}/capture.py", f"{_SYNC}/captured.py", f"{_SYNC}/capture.sql"),
    "snapshots": (
        f"{_SYNC}/staging.py",
        f"{_SYNC}/prepare.py",
        f"{_SYNC}/garbage.py",
        f"{_SYNC}/staging.sql",
    ),
    "pacing": (
        f"{_SYNC}/pacing.py",
        f"{_SYNC}/pace_control.py",
        f"{_SYNC}/shared_pace.py",
        f"{_SYNC}/pace.sql",
    ),
    "inbox": (
        f"{_WEBHOOKS}/inbox.py",
        f"{_WEBHOOKS}/storing.py",
        f"{_WEBHOOKS}/intake.py",
        f"{_WEBHOOKS}/verify.py",
        f"{_WEBHOOKS}/inbox.sql",
    ),
    "handlers": (
        f"{_WEBHOOKS}/handlers.py",
        f"{_WEBHOOKS}/issue.py",
        f"{_WEBHOOKS}/grants.py",
        f"{_WEBHOOKS}/caps.py",
        f"{_WEBHOOKS}/attempts.py",
        f"{_WEBHOOKS}/fast_path.py",
        f"{_WEBHOOKS}/one_database.py",
        f"{_WEBHOOKS}/worth.py",
        f"{_WEBHOOKS}/outcomes.py",
        f"{_WEBHOOKS}/effects.sql",
    ),
    "coupons": (
        f"{_COUPONS}/admin_api.py",
        f"{_COUPONS}/choice.py",
        f"{_COUPONS}/interface.py",
        f"{_COUPONS}/medusa.py",
        f"{_COUPONS}/saleor.py",
        f"{_COUPONS}/sql.py",
        f"{_COUPONS}/table.py",
        f"{_COUPONS}/vendure.py",
        f"{_COUPONS}/vendure_calls.py",
    ),
}


def area_of(file: str) -> str:
    """Say which area a file of the scope belongs to."""
    return next(area for area, files in AREAS.items() if file in files)


def files_of(wanted: list[str]) -> list[str]:
    """Give the files of the named areas or modules ("orders", "claims.py"), all where none is named.

    Raises SystemExit for a name that is neither.
    """
    every = [file for files in AREAS.values() for file in files]
    if not wanted:
        return every
    chosen = []
    for name in wanted:
        found = list(AREAS.get(name, ())) or [file for file in every if Path(file).name == name]
        if not found:
            raise SystemExit(f"No area and no module of the scope is named {name!r}.")
        chosen += found
    return chosen

"""How one record stands and what it waits for, in words; for `why`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from influence_pipeline.records import Entity

if TYPE_CHECKING:
    from influence_pipeline.sync.story import InStore

# What the order protocol has outstanding (docs/order-protocol.md), by the state's own words:
# `state.schema` has them as an enum, and would load SQLAlchemy.
PHASES = {
    "creating": "a call that creates it is under way, or its run died: whether Influence has it is "
    "then not known, and is asked for",
    "unknown": "whether Influence has it is not known (a call had no clear answer); after the "
    "quiet window it is asked for, not created again",
    "refunding": "a call that moves it to refunded is under way, or had no clear answer; Influence "
    "is asked before points could be taken back twice",
}


def summary(entity: Entity, found: dict[str, Any], store: InStore | None) -> str:
    """Say in a few words how the record stands."""
    if found["state"] == "parked":
        return "parked; a person must look"
    if found["state"] == "blocked":
        return f"waits for {found['blocked_on']}"
    if found["state"] == "withheld":
        return "held back: nothing is sent of it while its customer is erased"
    if entity is Entity.REWARD:
        return _of_reward(found)
    if found["state"] == "ready":
        return "has changes that are not acknowledged yet"
    if found.get("erased_at"):
        return (
            f"erased on {found['erased_at']} (`influence-pipeline forget`): never sent again, "
            "whatever the store has"
        )
    if found["synced_hash"] is None:
        return _of_unknown(entity, found, store)
    if found["store_hash"] is None:
        return "was synced, and is gone from the store"
    if store is not None and store.as_last_seen(found) is False:
        what = "is gone from the store" if store.row is None else "has changed in the store"
        return f"was in sync at the last look, and {what} since"
    return "in sync: what the store has is what the API acknowledged"


def waiting(entity: Entity, key: str, found: dict[str, Any]) -> list[str]:
    """Say what the record waits for, and why; nothing where it waits for nothing."""
    lines = []
    if found["state"] == "blocked":
        lines.append(_blocked(found))
    if found["phase"] in PHASES:
        lines.append(PHASES[found["phase"]])
    if found["is_held"]:
        lines.append(f"held by a run until {found['lease_until']}")
    if found["reason"] and found["state"] != "blocked":
        lines.append(f"reason: {found['reason']}")
    if found["state"] == "parked":
        lines.append(
            "released when it changes in the store, or by "
            f"`influence-pipeline retry {entity.plural} --key {key}` once the cause is mended"
        )
    if found["state"] == "ready" and not found["is_held"]:
        behind = ", behind live changes (an import)" if found["lane"] == "import" else ""
        due = f"due since {found['next_at']}: the next run sends it"
        later = f"next attempt: {found['next_at']}"
        lines.append((due if found["is_due"] else later) + behind)
    if found["state"] in {"ready", "blocked"} and found["last_run_error"]:
        lines.append(f"the last run of {entity.plural} stopped: {found['last_run_error']}")
    return lines


def _blocked(found: dict[str, Any]) -> str:
    """Follow the chain: what the customer that an order waits for waits for itself."""
    customer = str(found["blocked_on"]).partition(":")[2]
    more = f"influence-pipeline why customers {customer}"
    if found["blocker_state"] == "parked":
        return f"customer {customer} is parked itself: {found['blocker_reason']} ({more})"
    if found["blocker_state"] is not None:
        return f"customer {customer} is still to be sent ({more})"
    if found["blocker_acknowledged"]:
        return f"customer {customer} is acknowledged now; the next delivery of orders goes on"
    return f"customer {customer} is not known to be due; the next delivery of orders looks again"


def _of_unknown(entity: Entity, found: dict[str, Any], store: InStore | None) -> str:
    if store is not None and store.row is not None:
        created = store.row.values.get("created_at")
        if entity is Entity.ORDER and _is_before(created, found["go_live"]):
            return (
                f"left out: placed at {created}, before the go-live ({found['go_live']}); it is "
                "never sent"
            )
        return "in the store, and not seen by a sync yet"
    if store is not None and store.is_known:
        number = " (an order's number is not its id)" if entity is Entity.ORDER else ""
        return f"not known by this id{number}: neither the store nor the state has it"
    if entity is Entity.ORDER:
        return (
            "not known by this id (an order's number is not its id): never seen in the store, or "
            "left out (an order before the go-live)"
        )
    return "not known: never seen in the store"


def _is_before(moment: object, go_live: str | None) -> bool:
    if go_live is None:
        return False
    try:
        return datetime.fromisoformat(str(moment)) < datetime.fromisoformat(go_live)
    except (ValueError, TypeError):
        return False


def _of_reward(found: dict[str, Any]) -> str:
    coupon = found["coupon"]
    if coupon is None:
        return "not known: no coupon with this code was made here"
    if coupon["reward_used_at"]:
        return "used, and Influence knows"
    if found["state"] == "ready" or coupon["used_at"]:
        return "used; Influence is still to be told"
    if coupon["issued_at"]:
        return "made, and not used yet by an order that was synced"
    return "about to be made in the store"

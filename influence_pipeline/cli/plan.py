"""`influence-pipeline plan`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from influence_pipeline.amounts import counted, duration
from influence_pipeline.cli.output import check_writable, entities, print_json, print_table, writing
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.records import Entity
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline.sync import status
from influence_pipeline.sync.captured import Captured
from influence_pipeline.sync.engine import GO_LIVE, Engine

if TYPE_CHECKING:
    from influence_pipeline.sync.plan import Plan

_SHOWN = 20


def run(arguments: argparse.Namespace) -> int:
    # Loads pandas; see `sync.plan`.
    from influence_pipeline.sync.plan import plan

    settings = load_settings()
    with Engine(settings) as engine:
        if arguments.parquet:
            _require_pyarrow()
        for file in filter(None, (arguments.csv, arguments.parquet)):
            check_writable(file)
        planned = plan(engine, entities(arguments.entity), full=arguments.full)
        is_set = _go_live_is_set(settings, engine)
    if arguments.csv:
        with writing(arguments.csv):
            planned.records.to_csv(arguments.csv, index=False)
    if arguments.parquet:
        with writing(arguments.parquet):
            _write_parquet(planned, arguments.parquet)
    for line in _warnings(planned):
        print(f"warning: {line}", file=sys.stderr)
    if arguments.json:
        print_json(_as_values(planned, go_live_is_set=is_set))
    else:
        _print(planned, go_live_is_set=is_set)
    return 0


def _require_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401  (an extra; before a long work)
    except ImportError:
        raise ConfigurationError(
            "--parquet needs the package pyarrow, which is not installed; in the project's folder: "
            "pip install '.[parquet]'."
        ) from None


def _write_parquet(planned: Plan, file: str) -> None:
    import pyarrow
    from pyarrow import parquet

    from influence_pipeline.sync.plan import COLUMNS

    # Named, because of a column without values no type can be told.
    schema = pyarrow.schema([(column, pyarrow.string()) for column in COLUMNS])
    table = pyarrow.Table.from_pandas(planned.records, schema=schema, preserve_index=False)
    parquet.write_table(table, file)


def _go_live_is_set(settings: Settings, engine: Engine) -> bool:
    """Tell whether the go-live is fixed already, by the setting or by a sync."""
    given = settings.config.orders.go_live
    return given is not None or status.get_fact(engine.state, GO_LIVE) is not None


def _warnings(planned: Plan) -> list[str]:
    return [
        *(line for captured in planned.captured.values() for line in captured.warnings),
        *(
            f"A sync would stop here: {captured.mass_change} (sync --allow-mass-change)."
            for captured in planned.captured.values()
            if captured.mass_change is not None
        ),
    ]


def _as_values(planned: Plan, *, go_live_is_set: bool) -> dict[str, Any]:
    return {
        "calls": planned.calls,
        "seconds": planned.seconds,
        "calls_per_second": planned.calls_per_second,
        "status_moves": planned.status_moves,
        "go_live": planned.go_live,
        "go_live_is_set": go_live_is_set,
        "left_out": {
            entity.plural: {
                "before_go_live": captured.before_go_live,
                "gone": captured.deleted,
                "without_id": captured.without_key,
            }
            for entity, captured in planned.captured.items()
        },
        "warnings": _warnings(planned),
        "records": planned.records.to_dict(orient="records"),
    }


def _print(planned: Plan, *, go_live_is_set: bool) -> None:
    left_out = [
        words for entity, found in planned.captured.items() if (words := _left_out(entity, found))
    ]
    if not planned.records.empty:
        _print_records(planned)
        print("\n" + " ".join([_effort(planned), *left_out]))
    elif left_out:
        print(" ".join(["Nothing to send.", *left_out]))
    else:
        print("Nothing to send: the store and what the API acknowledged agree.")
    if Entity.ORDER not in planned.captured:
        return
    if not go_live_is_set:
        print(
            "The first sync sets the go-live of orders to its own moment (now it would be "
            f"{planned.go_live}); orders placed before it are never sent."
        )
    else:
        print(f"Orders placed before {planned.go_live} are never sent.")


def _print_records(planned: Plan) -> None:
    import pandas as pd

    records = planned.records
    counts = records.groupby(["entity", "action", "state"]).size()
    rows = [(*index, int(count)) for index, count in counts.items()]  # type: ignore[misc]
    print_table(("entity", "action", "state", "records"), rows)
    print()
    # Of more than can be shown, those first that a person should look at.
    first = records["state"].isin(["parked", "blocked"])
    if len(records) > _SHOWN:
        records = pd.concat([records[first], records[~first]])
    shown = records.drop(columns=["before", "after"]).head(_SHOWN)
    print_table(list(shown.columns), shown.values.tolist())
    if len(records) > _SHOWN:
        print(
            f"… and {len(records) - _SHOWN:,} more; --csv FILE, --parquet FILE or --json gives all"
        )
    moves = planned.status_moves
    if moves:
        print()
        print_table(
            ("status_now", "status_next", "orders", "points"), [[*m.values()] for m in moves]
        )


def _effort(planned: Plan) -> str:
    """Say how many calls it takes, and how long."""
    calls = f"About {counted(planned.calls, 'call')}"
    if not planned.calls:
        return "No calls."
    if planned.seconds is None or planned.calls_per_second is None:
        return f"{calls}; time unknown before the first calls."
    rate = planned.calls_per_second
    pace = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
    time = duration(max(planned.seconds, 1))
    return f"{calls}, about {time} at the present pace ({pace} calls/s)."


def _left_out(entity: Entity, found: Captured) -> str:
    """Say what is looked at and not sent; nothing where there is none of it."""
    if not (found.before_go_live or found.deleted or found.without_key):
        return ""
    gone = f"{found.deleted:,} {'is' if found.deleted == 1 else 'are'} gone"
    without = f"{found.without_key:,} {'has' if found.without_key == 1 else 'have'} no id"
    if entity is Entity.ORDER:
        before = counted(found.before_go_live, "order was", "orders were")
        return f"{before} placed before the go-live, {gone}, {without}."
    return f"Of the {entity.plural} {gone}, {without}."

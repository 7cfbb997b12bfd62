"""What the demo shows at its end: the table, the coupon's journey, the comparison; or as JSON."""

from __future__ import annotations

from typing import Any

from influence_pipeline.demo.story import Told

COLUMNS = ("in_store", "sent", "new", "changed", "unchanged", "parked", "calls")


def as_values(told: Told) -> dict[str, Any]:
    """Give everything as plain values for one JSON object."""
    start = told.journey.steps[0][1]
    return {
        "entities": told.entities,
        "coupon": {
            "code": told.journey.code,
            "journey": [
                {"step": what, "at": at.isoformat(), "seconds": (at - start).total_seconds()}
                for what, at in told.journey.steps
            ],
        },
        "comparison": {
            "compared": told.verdict.compared,
            "differences": [str(difference) for difference in told.verdict.differences],
        },
        "seconds": round(told.seconds, 1),
    }


def lines(told: Told) -> list[str]:
    """Give the report as lines for a person."""
    header = ["", *(column.replace("_", " ") for column in COLUMNS)]
    rows = [
        [name, *(f"{counts[column]:,}" for column in COLUMNS)]
        for name, counts in told.entities.items()
    ]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    table = [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [header, *rows]
    ]
    start = told.journey.steps[0][1]
    journey = [
        f"  {(at - start).total_seconds():8.2f} s  {what}" for what, at in told.journey.steps
    ]
    differences = [f"  {difference}" for difference in told.verdict.differences[:20]]
    return [
        "",
        *table,
        "",
        f"coupon {told.journey.code}",
        *journey,
        "",
        "independent comparison of the store with the sandbox's ledger:",
        *differences,
        f"{told.verdict}",
    ]

"""docs/proof.md, written from what is kept: the proofs' results, the mutation tests and their
survivors. It is not edited by hand."""

from __future__ import annotations

from pathlib import Path

from influence_pipeline_tests.proof import kept, strength_page
from influence_pipeline_tests.proof.catalogue import PROOFS
from influence_pipeline_tests.proof.table import HEADER, as_markdown

STRENGTH = "T20"
PAGE = Path(__file__).parents[2] / "docs" / "proof.md"

_INTRODUCTION = """\
# Proof

What must hold whatever happens, and how it was tried. `make proof` runs all of it and writes this page;
it is not edited by hand. How each proof works, and where it is: [design.md](design.md#how-it-is-proved).

| | what must hold |
|---|---|
| I1 | every eligible committed order is awarded exactly once |
| I2 | amount and final status at the API equal the store's |
| I3 | every webhook answered 2xx is stored exactly once |
| I4 | one usable coupon for each true redemption, none for a forged one |
| I5 | a refund is deducted once |
| I6 | nothing from a rolled-back transaction is sent |
| I7 | what could not be settled is parked, listed with its reason, and empty while the API follows its documents |
| I8 | no key, token, password or personal value appears in a log, exception, Dagster metadata, event log or metric |

Orders, customers, products and coupons are judged by a program of its own that reads the store, the
API's ledger and the coupon table ([sandbox.md](sandbox.md)), and nothing of the pipeline. In the worst
mode, which the proofs use, the API awards twice for two POSTs of one order and deducts twice for two
refunds. A control is the same test on a variant of the pipeline with one safeguard taken out; it passes
where the test catches that.
"""

_AGAIN = """\
## How to repeat

```
make proof                        # all, one to two hours on two cores
make proof TEST=T2                # one proof; writes its row
make proof TEST=T2 SEED=1017      # one seed again, as a failure says; writes nothing
make slice                        # ten minutes of it with the day's seeds, as CI does
```

Programs from Debian (nginx, pgbouncer, Redis) are installed by the command where it may (root, apt-get);
otherwise the tests that need them are not run, and their row says so. Time is that of a proof's tests
added up; two run at once, the soak beside them, and those that measure times alone.
"""


def write(page: Path = PAGE, results: Path = kept.RESULTS) -> None:
    """Write the page from what is kept."""
    page.write_text(text(results))


def text(results: Path = kept.RESULTS) -> str:
    """Give the page."""
    known = {row.proof: (row, then) for row, then in kept.load(results)}
    lines = [(*HEADER, "run on")]
    for proof in PROOFS:
        if proof.number == STRENGTH:
            continue  # below, in a table of its own
        if proof.number in known:
            row, then = known[proof.number]
            lines.append((*row.cells(), f"{then.date}, {then.commit}"))
        else:
            lines.append((proof.number, *["-"] * (len(HEADER) - 2), "not run", "-"))
    bars = [("test", "what is done", "bar"), *((p.number, p.about, p.bar) for p in PROOFS)]
    return "\n".join(
        [
            _INTRODUCTION,
            "## Results\n",
            as_markdown(lines) + "\n",
            _circumstances([then for _, then in known.values()]),
            as_markdown(bars) + "\n",
            strength_page.text(),
            _AGAIN,
        ]
    )


def _circumstances(all_of_them: list[kept.Circumstances]) -> str:
    machines = sorted({then.machine for then in all_of_them})
    seeds = sorted({then.seed for then in all_of_them})
    if not machines:
        return ""
    return (
        f"Machine: {'; '.join(machines)}. Hypothesis' seed: {', '.join(map(str, seeds))}. A commit "
        "with a + had changes that were not committed.\n"
    )

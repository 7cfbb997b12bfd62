"""The page of measurements: exactly what the results say, and where and when they are from."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import page, results
from benchmarks.catalogue import BENCHMARKS, Benchmark
from benchmarks.results import Part, Taken
from benchmarks.rows import Section, Table, at_least, at_most, just, peer, section

DELIVERY = Benchmark("delivery", "Delivery, here", "How fast.", ("speed", "peers", "live"), 90.0)
START = Benchmark("start", "Start", "How soon.", ("commands",), 2.0, needs=("nginx",))
TAKEN = Taken(
    date="2026-11-29",
    commit="a78c898",
    machine="2 cores",
    load=0.4,
    seconds=600.0,
    command="python -m benchmarks.delivery",
    versions="Python 3.11.7",
)
SPEED = section(
    "At once",
    [
        at_least("customers", 1217, 1215, "/s"),
        at_most("CPU", 0.1, 0.08, "s"),
        peer("drt", 19, 1217, "/s"),
    ],
    "One process.",
    runs=3,
)
PEERS = section("Who else", table=Table(("who", "seconds"), (("drt", "1"), ("dlt", "2"))))
EXPECTED = """\
## Bars

2 bars, 1 met, 1 not. Not measured, so without a figure here: delivery live, start commands.

| benchmark | what | bar | measured | met | on |
|---|---|---|---|---|---|
| [Delivery, here](#delivery-here) | At once: customers | >= 1,215/s | 1,217/s | yes | 2026-11-29 |
| [Delivery, here](#delivery-here) | At once: CPU | <= 0.08 s | 0.1 s | **no** | 2026-11-29 |

## How to repeat

From the project's folder, on Linux (memory and CPU are read from `/proc`), on a machine that does nothing else. All of it takes about 1 h 32 min on 2 cores:

```
make bench                      # all; goes on where it was stopped; writes this page
make bench ONLY=capture,delivery
make bench QUICK=1              # tiny sizes, ten minutes; prints only
```

| benchmark | command | takes | programs |
|---|---|---|---|
| [Delivery, here](#delivery-here) | `make bench ONLY=delivery` | 1 h 30 min |  |
| [Start](#start) | `make bench ONLY=start` | 2 min | nginx |

## Delivery, here

How fast.

### At once

One process.

| what | bar | measured | ratio | met | runs |
|---|---|---|---|---|---|
| customers | >= 1,215/s | 1,217/s |  | yes | 3 |
| CPU | <= 0.08 s | 0.1 s |  | **no** | 3 |
| drt |  | 19.0/s | 64.05 x |  | 3 |

### Who else

| who | seconds |
|---|---|
| drt | 1 |
| dlt | 2 |

Not measured: live.

### When (Delivery, here)

| parts | date | commit | machine | took | command | versions |
|---|---|---|---|---|---|---|
| speed | 2026-11-29 | a78c898 | 2 cores; load 0.4 | 10 min | `python -m benchmarks.delivery` | Python 3.11.7 |
| peers | 2026-11-30 | bfcbd94 | 2 cores | not noted | `python -m benchmarks.delivery` | Python 3.11.7 |

## Start

How soon.

Not measured: commands.
"""


def test_the_page_is_bars_first_then_each_benchmark_with_when_it_was_measured() -> None:
    later = replace(TAKEN, date="2026-11-30", commit="bfcbd94", load=None, seconds=None)
    parts = {"peers": Part(PEERS, later), "speed": Part(SPEED, TAKEN)}
    _, bars, rest = page.markdown([DELIVERY, START], {"delivery": parts}).partition("## Bars")
    assert bars + rest == EXPECTED


def test_parts_of_one_run_stand_in_one_row_of_when() -> None:
    parts = {name: Part(SPEED, TAKEN) for name in DELIVERY.parts}
    text = page.markdown([DELIVERY], {"delivery": parts})
    assert re.findall(r"^\| all \| 2026-11-29 .* \| 30 min \|", text, re.MULTILINE)
    # What is known now takes the place of what was thought.
    assert "All of it takes about 30 min" in text


def test_what_was_measured_with_quick_cannot_come_onto_the_page() -> None:
    with pytest.raises(ValueError, match="delivery was measured with --quick"):
        page.markdown([DELIVERY], {"delivery": {"speed": Part(SPEED, replace(TAKEN, quick=True))}})


def test_a_column_in_which_nothing_stands_is_left_out() -> None:
    text = page.section(Section("Tick", (just("memory", "62 MB"),), "One order."))
    assert text == ("### Tick\n\nOne order.\n\n| what | measured |\n|---|---|\n| memory | 62 MB |")


def test_words_of_others_cannot_break_a_table() -> None:
    text = page.section(Section("Peers", (just("drt", "failed: a | b\nc"),)))
    assert text.endswith("| drt | failed: a \\| b c |")


def test_results_come_back_from_their_file_as_they_were(tmp_path: Path) -> None:
    file = tmp_path / "results" / "delivery.json"
    assert results.read(file) == {}
    results.add(file, "speed", Part(SPEED, TAKEN))
    results.add(file, "peers", Part(PEERS, replace(TAKEN, load=None, seconds=None)))
    assert results.read(file) == {
        "speed": Part(SPEED, TAKEN),
        "peers": Part(PEERS, replace(TAKEN, load=None, seconds=None)),
    }
    results.add(file, "speed", Part(PEERS, TAKEN))
    assert results.read(file)["speed"] == Part(PEERS, TAKEN)
    assert len(results.read(file)) == 2


def test_the_page_in_docs_is_the_one_that_the_committed_results_make(tmp_path: Path) -> None:
    page.write(file=tmp_path / "page.md")
    assert page.PAGE.read_text("utf-8") == (tmp_path / "page.md").read_text("utf-8")


def test_links_to_the_page_lead_to_a_heading() -> None:
    headings = {page.anchor(one.title) for one in BENCHMARKS}
    docs = page.PAGE.parent
    found = 0
    for file in (
        *docs.glob("*.md"),
        docs.parent / "README.md",
        docs.parent / "benchmarks/README.md",
    ):
        for link in re.findall(r"\bbenchmarks[\w-]*\.md(#[\w-]+)?", file.read_text("utf-8")):
            found += 1
            assert not link or link in headings, (file.name, link)
        assert not re.search(r"\(benchmarks-\w", file.read_text("utf-8")), file.name
    assert found > 5

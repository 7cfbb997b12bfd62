"""Rows held against their bars: what holds is said to hold, and nothing else."""

from __future__ import annotations

from benchmarks.rows import Row, at_least, at_most, just, peer, ratio_at_most, section, told


def test_a_bar_is_met_at_the_bar_and_not_above_it() -> None:
    assert at_most("tick", 0.8, 0.8, "s") == Row("tick", "0.8 s", "<= 0.8 s", met=True)
    assert at_most("tick", 0.801, 0.8, "s").met is False


def test_of_what_is_better_in_plenty_less_than_the_bar_is_not_met() -> None:
    assert at_least("sent", 1215, 1215, "/s") == Row("sent", "1,215/s", ">= 1,215/s", met=True)
    assert at_least("sent", 1214.9, 1215, "/s").met is False


def test_a_ratio_is_held_against_its_bar_and_shown_with_both_figures() -> None:
    assert ratio_at_most("full", 13.0, 10.0, 1.3, "s") == Row(
        "full", "13.0 s against 10.0 s", "<= 1.3 x", "1.30 x", met=True
    )
    assert ratio_at_most("full", 13.1, 10.0, 1.3, "s").met is False


def test_a_ratio_that_only_rounding_brings_to_the_bar_is_not_met() -> None:
    row = ratio_at_most("full", 1.3001, 1.0, 1.3, "s")
    assert (row.ratio, row.met) == ("1.30 x", False)


def test_a_peers_ratio_is_ours_to_theirs() -> None:
    assert peer("drt", 19, 1217, "/s", ", alone") == Row("drt", "19.0/s, alone", ratio="64.05 x")


def test_the_runs_of_a_section_hold_for_rows_that_do_not_say_their_own() -> None:
    rows = [just("p50", "1 s"), told("lost", "0", "0", met=True), Row("drt", "3 s", runs=1)]
    assert [row.runs for row in section("Tick", rows, runs=3).rows] == [3, 3, 1]

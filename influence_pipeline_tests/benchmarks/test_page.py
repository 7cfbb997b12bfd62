"""The page of measurements: what holds is said to hold, and nothing else."""

from __future__ import annotations

from benchmarks.page import BARRED, Section, at_most, just, markdown, ratio_at_most


def test_a_bar_is_met_at_the_bar_and_not_above_it() -> None:
    assert at_most("tick", 0.8, 0.8, "s") == ("tick", "<= 0.8 s", "0.8 s", "", "yes")
    assert at_most("tick", 0.801, 0.8, "s")[-1] == "no"


def test_a_ratio_is_held_against_its_bar_and_shown_with_both_figures() -> None:
    assert ratio_at_most("full", 13.0, 10.0, 1.3, "s") == (
        "full",
        "<= 1.3 x",
        "13.0 s against 10.0 s",
        "1.30 x",
        "yes",
    )
    assert ratio_at_most("full", 13.1, 10.0, 1.3, "s")[-1] == "no"


def test_a_ratio_that_only_rounding_brings_to_the_bar_is_not_met() -> None:
    row = ratio_at_most("full", 1.3001, 1.0, 1.3, "s")
    assert row[-2:] == ("1.30 x", "no")


def test_a_section_is_a_heading_its_words_and_a_table() -> None:
    page = markdown([Section("Tick", BARRED, [just("memory", "62 MB")], "One order.")])
    assert page == (
        "## Tick\n\nOne order.\n\n"
        "| what | bar | measured | ratio | met |\n|---|---|---|---|---|\n"
        "| memory |  | 62 MB |  |  |\n"
    )


def test_words_of_others_cannot_break_a_table() -> None:
    page = markdown([Section("Peers", ("who",), [("failed: a | b\nc",)])])
    assert page.endswith("| failed: a \\| b c |\n")

"""`events list`, `show`, `replay`: the stored webhook events."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from influence_pipeline.webhooks import inbox
from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support.world import World
from influence_pipeline_tests.webhooks.builders import delivery, redemption


@dataclass(frozen=True)
class Events:
    """Ids of stored events, by their state."""

    new: int
    parked: int
    quarantined: int
    conflicting: int


@pytest.fixture
def events(world: World) -> Events:
    """One event of each state, parked and quarantined as the handlers and the receiver do it."""
    with world.engine() as engine:
        with engine.state.transaction() as connection:
            parked = inbox.store(connection, delivery("points/redeemed", redemption(1))).id
        (claimed,) = inbox.claim(engine.state, 1, 30)
        with engine.state.transaction() as connection:
            assert inbox.park(connection, claimed, "unknown_rule", "The rule is not in the table.")
            new = inbox.store(connection, delivery("points/redeemed", redemption(2))).id
            bad = inbox.store(connection, delivery("points/redeemed", b"\xffnot json")).id
            other = inbox.store(
                connection, delivery("points/redeemed", redemption(2, points=-1))
            ).id
    return Events(new, parked, bad, other)


def test_no_events_are_said_to_be_none(cli: CommandLine) -> None:
    assert cli("events", "list").out == "No events are stored.\n"
    assert cli("events", "list", "--state", "parked").out == "No events are parked.\n"
    assert cli("events", "list", "--json").json == []


def test_events_are_listed_newest_first_with_their_reasons(
    cli: CommandLine, events: Events
) -> None:
    ran = cli("events", "list")
    assert (ran.code, ran.err) == (0, "")
    header, *lines = ran.out.splitlines()
    assert header.split() == ["id", "received_at", "topic", "state", "attempts", "reason"]
    ids = [int(line.split()[0]) for line in lines]
    assert ids == sorted(ids, reverse=True)
    (parked,) = [line for line in lines if line.split()[0] == str(events.parked)]
    assert parked.endswith("The rule is not in the table.")


def test_a_list_shows_nothing_of_what_an_event_says(cli: CommandLine, events: Events) -> None:
    for form in ([], ["--json"]):
        shown = cli("events", "list", *form).out
        assert "person1@example.test" not in shown
        assert "LOYAL-0001" not in shown


@pytest.mark.parametrize("state", ["new", "parked", "quarantined"])
def test_events_of_one_state_may_be_listed_alone(
    cli: CommandLine, events: Events, state: str
) -> None:
    listed = cli("events", "list", "--state", state, "--json").json
    assert getattr(events, state) in {event["id"] for event in listed}
    assert {event["state"] for event in listed} == {state}


def test_no_more_events_are_listed_than_were_asked_for(cli: CommandLine, events: Events) -> None:
    (only,) = cli("events", "list", "--most", "1", "--json").json
    assert only["id"] == events.conflicting


def test_one_event_is_shown_whole(cli: CommandLine, events: Events) -> None:
    shown = cli("events", "show", str(events.parked), "--body", "--json").json
    assert (shown["id"], shown["state"], shown["reason_code"]) == (
        events.parked,
        "parked",
        "unknown_rule",
    )
    assert json.loads(shown["body"]) == redemption(1)
    assert shown["coupons"] == []
    for_people = cli("events", "show", str(events.parked)).out
    assert "reason       The rule is not in the table.\n" in for_people


def test_what_was_sent_is_shown_only_when_asked_for(cli: CommandLine, events: Events) -> None:
    for form in ([], ["--json"]):
        shown = cli("events", "show", str(events.parked), *form).out
        assert "example.test" not in shown
        assert "LOYAL" not in shown
    assert "--body" in cli("events", "show", str(events.parked)).out


def test_an_event_that_is_no_text_is_shown_without_harm(cli: CommandLine, events: Events) -> None:
    assert (
        "body         \\xffnot json\n"
        in cli("events", "show", str(events.quarantined), "--body").out
    )


def test_a_coupons_code_is_not_shown_with_its_event(
    cli: CommandLine, world: World, events: Events
) -> None:
    world.ask_state(
        "INSERT INTO influence.coupon (code, event_id, kind, value, currency) "
        f"VALUES ('SECRETCODE', {events.new}, 'fixed', 5.00, 'EUR') RETURNING 1"
    )
    (coupon,) = cli("events", "show", str(events.new), "--json").json["coupons"]
    assert (coupon["code"], coupon["value"], coupon["currency"]) == ("SE…", "5.00", "EUR")
    assert "SECRETCODE" not in cli("events", "show", str(events.new)).out


@pytest.mark.parametrize("state", ["parked", "quarantined"])
def test_an_event_that_was_set_aside_is_new_after_a_replay(
    cli: CommandLine, events: Events, state: str
) -> None:
    event = str(getattr(events, state))
    ran = cli("events", "replay", event)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"Event {event} is new again; the sensor or the receiver works it off.\n"
    assert cli("events", "show", event, "--json").json["state"] == "new"


def test_an_event_whose_key_came_before_with_another_body_is_not_replayed(
    cli: CommandLine, events: Events
) -> None:
    ran = cli("events", "replay", str(events.conflicting))
    assert (ran.code, ran.out) == (1, "")


def test_all_that_wait_for_one_reason_are_replayed_together(
    cli: CommandLine, world: World, events: Events
) -> None:
    ran = cli("events", "replay", "--reason", "unknown_rule", "--over-cap")
    assert (ran.code, ran.err) == (0, "")
    assert f"Event {events.parked} is new again" in ran.out
    allowed = world.ask_state("SELECT id FROM influence.inbox WHERE over_cap")
    assert allowed == [(events.parked,)]
    ran = cli("events", "replay", "--reason", "unknown_rule")
    assert (ran.code, ran.err) == (1, "No event is parked for unknown_rule.\n")


def test_a_replay_wants_to_know_of_what(cli: CommandLine, events: Events) -> None:
    assert cli("events", "replay").code == 2
    assert cli("events", "replay", "1", "--reason", "unknown_rule").code == 2


def test_events_are_listed_by_topic_reason_and_page(cli: CommandLine, events: Events) -> None:
    def ids(*chosen: str) -> list[int]:
        return [event["id"] for event in cli("events", "list", "--json", *chosen).json]

    assert ids("--reason", "unknown_rule") == [events.parked]
    assert ids("--topic", "points/earned") == []
    assert ids("--before", str(events.new)) == [events.parked]
    assert cli("events", "list", "--topic", "no/such").out == "No events are stored that fit.\n"


def test_an_event_that_a_person_has_seen_to_is_put_away(
    cli: CommandLine, world: World, events: Events
) -> None:
    note = "the coupon was made by hand"
    ran = cli("events", "settle", str(events.parked), str(events.quarantined), "--note", note)
    assert (ran.code, ran.err) == (0, "")
    shown = cli("events", "show", str(events.parked), "--json").json
    assert (shown["state"], shown["reason_code"], shown["reason"]) == ("done", "by_hand", note)
    ran = cli("events", "settle", str(events.parked), str(events.new), "--note", note)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count("is not parked or quarantined") == 2


@pytest.mark.parametrize("action", ["show", "replay"])
def test_an_unknown_event_is_said_to_be_unknown(cli: CommandLine, action: str) -> None:
    ran = cli("events", action, "99999")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Event 99999 is not ")
    assert ran.err.endswith("; `influence-pipeline events list` lists them.\n")


def test_the_status_counts_the_events(cli: CommandLine, events: Events) -> None:
    inbox_counts = cli("status", "--json").json["inbox"]
    assert inbox_counts["new"]["events"] == 1
    assert "webhook events parked: " in cli("status").out

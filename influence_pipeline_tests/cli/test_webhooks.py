"""`webhooks register` and `status`: the subscriptions at the API, without showing the token."""

from __future__ import annotations

import pytest

from influence_pipeline.webhooks.events import Topic
from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support.world import World
from influence_pipeline_tests.webhooks.builders import TOKEN

TOPICS = [str(topic) for topic in Topic]


@pytest.fixture(autouse=True)
def token(cli: CommandLine) -> None:
    cli.set(WEBHOOK_TOKEN=TOKEN)


def subscribed(world: World) -> list[tuple[str, str]]:
    """What the API has, as it has it."""
    listed = world.sandbox.good("GET", "/v1/webhooks")["webhooks"]
    return [(one["topic"], one["url"]) for one in listed]


def test_the_status_names_what_is_not_subscribed_and_the_next_command(cli: CommandLine) -> None:
    ran = cli("webhooks", "status")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"not subscribed: {', '.join(TOPICS)}",
        "next: influence-pipeline webhooks register --url https://your-host",
    ]


@pytest.mark.parametrize(
    "url", ["https://shop.example", "https://shop.example/", "https://shop.example/behind"]
)
def test_every_topic_is_subscribed_to_the_receivers_path_with_the_token(
    cli: CommandLine, world: World, url: str
) -> None:
    ran = cli("webhooks", "register", "--url", url)
    assert (ran.code, ran.err) == (0, "")
    assert [line.split() for line in ran.out.splitlines()[1:]] == [[t, "created"] for t in TOPICS]
    address = f"{url.rstrip('/')}/webhooks/influence/{TOKEN}"
    assert subscribed(world) == [(topic, address) for topic in TOPICS]


def test_registering_again_creates_nothing_more(cli: CommandLine, world: World) -> None:
    cli("webhooks", "register", "--url", "https://shop.example")
    ran = cli("webhooks", "register", "--url", "https://shop.example", "--json")
    assert ran.code == 0
    assert {one["standing"] for one in ran.json} == {"present"}
    assert len(subscribed(world)) == len(TOPICS)


def test_the_token_is_shown_by_no_command(cli: CommandLine) -> None:
    ran = [
        cli("webhooks", *arguments, *form)
        for arguments in (["register", "--url", "https://shop.example"], ["status"])
        for form in ([], ["--json"])
    ]
    assert "https://shop.example/webhooks/influence/…" in ran[2].out
    assert TOKEN not in "".join(one.out + one.err for one in ran)


def test_the_status_as_json_lists_the_subscriptions_and_what_is_missing(
    cli: CommandLine, world: World
) -> None:
    world.sandbox.good("POST", "/v1/webhooks", {"topic": TOPICS[0], "url": "https://x.example/a"})
    found = cli("webhooks", "status", "--json").json
    (only,) = found["subscriptions"]
    assert (only["topic"], only["url"]) == (TOPICS[0], "https://x.example/…")
    assert found["missing"] == TOPICS[1:]


def test_topics_that_the_api_refuses_are_told_by_the_exit_code(
    cli: CommandLine, world: World
) -> None:
    world.sandbox.good(
        "PUT", "/sandbox/faults",
        {"faults": [{"kind": "gateway_404", "method": "POST", "path": "^/v1/webhooks$", "times": 1}]},
    )  # fmt: skip
    ran = cli("webhooks", "register", "--url", "https://shop.example")
    assert ran.code == 1
    assert "refused  HTTP 404" in ran.out
    assert "Add it by hand in the Influence dashboard" in ran.out
    assert TOKEN not in ran.out
    assert len(subscribed(world)) == len(TOPICS) - 1


@pytest.mark.parametrize(
    "url", ["http://shop.example", "shop.example", "https://me:pw@shop.example"]
)
def test_an_address_that_cannot_be_meant_is_refused(
    cli: CommandLine, world: World, url: str
) -> None:
    ran = cli("webhooks", "register", "--url", url)
    assert ran.code == 3
    assert ran.error.startswith("The webhooks' address must ")
    assert subscribed(world) == []


def test_the_status_tells_which_subscription_has_which_token(
    cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of them is to be removed after the token was changed."""
    monkeypatch.setenv("INFLUENCE_WEBHOOK_TOKEN_PREVIOUS", "the-one-before-this-one")
    for token in (TOKEN, "the-one-before-this-one", "nobody-knows-this-one"):
        url = f"https://shop.example/webhooks/influence/{token}"
        world.sandbox.good("POST", "/v1/webhooks", {"topic": TOPICS[0], "url": url})
    world.sandbox.good("POST", "/v1/webhooks", {"topic": TOPICS[0], "url": "https://x.example/a"})
    found = cli("webhooks", "status", "--json").json["subscriptions"]
    assert [one["token"] for one in found] == ["present", "previous", "other", None]
    shown = cli("webhooks", "status").out
    assert "the-one-before" not in shown
    assert shown.splitlines()[2].split()[1] == "previous"


def test_where_the_api_breaks_off_it_says_how_far_it_came_and_the_same_command_goes_on(
    cli: CommandLine, world: World
) -> None:
    fault = {"kind": "too_many", "method": "POST", "path": "^/v1/webhooks$", "skip": 4, "times": 1}
    world.sandbox.good("PUT", "/sandbox/faults", {"faults": [fault]})
    ran = cli("webhooks", "register", "--url", "https://shop.example")
    assert ran.code == 1
    assert f"4 of {len(TOPICS)} topics are subscribed by now; run the same command again" in ran.err
    assert cli("webhooks", "register", "--url", "https://shop.example").code == 0
    assert len(subscribed(world)) == len(TOPICS)

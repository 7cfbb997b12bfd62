"""Subscriptions at the API: only what is missing is created, and the token is not shown."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from influence_pipeline.errors import ApiError, ConfigurationError
from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.webhooks.events import Topic
from influence_pipeline.webhooks.subscriptions import Standing, masked, register, status
from influence_pipeline_tests.webhooks.builders import TOKEN
from influence_pipeline_tests.webhooks.conftest import Directory

URL = f"https://shop.example/webhooks/influence/{TOKEN}"


class Subscriptions:
    """The API's side of it, in two pages; keeps what is created."""

    def __init__(self, *there: dict[str, Any], refused: str | None = None) -> None:
        self.there = list(there)
        self.refused = refused
        self.methods: list[str] = []

    def __call__(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        self.methods.append(method)
        if method == "POST":
            wanted = json.loads(body)
            if wanted["topic"] == self.refused:
                return 422, {"message": f"topic not allowed for {wanted['url']!r}"}
            self.there.append({"id": f"w{len(self.there)}", **wanted})
            return 201, {"webhook": self.there[-1]}
        if "cursor=" in path:
            return 200, {"webhooks": self.there[1:], "cursor": None}
        return 200, {"webhooks": self.there[:1], "cursor": "page-2" if self.there[1:] else None}


def test_only_missing_topics_are_created_and_others_left_alone(
    directory: Directory, api: SingleCalls
) -> None:
    foreign = {"id": "f", "topic": "points/redeemed", "url": "https://other.example/hook"}
    ours = {"id": "o", "topic": "points/earned", "address": URL}
    directory.answer = there = Subscriptions(foreign, ours)
    result = register(api, URL)
    by_topic = {one.topic: one.standing for one in result}
    assert by_topic.pop("points/earned") is Standing.PRESENT
    assert set(by_topic.values()) == {Standing.CREATED}
    assert set(there.methods) == {"GET", "POST"}
    assert there.there[:2] == [foreign, ours]
    assert len(there.there) == 2 + len(Topic) - 1


def test_registering_twice_creates_nothing_more(directory: Directory, api: SingleCalls) -> None:
    directory.answer = there = Subscriptions()
    register(api, URL)
    assert {one.standing for one in register(api, URL)} == {Standing.PRESENT}
    assert len(there.there) == len(Topic)


def test_what_the_api_refuses_is_told_with_what_to_do_by_hand(
    directory: Directory, api: SingleCalls
) -> None:
    directory.answer = Subscriptions(refused="points/redeemed")
    (refused,) = [one for one in register(api, URL) if one.standing is Standing.REFUSED]
    assert refused.topic == "points/redeemed"
    assert "by hand" in refused.words
    assert TOKEN not in refused.words


@pytest.mark.parametrize(
    "words",
    [
        "url {url} is not reachable",
        "{token} is no path",
        "{quoted} answers 404",
        "x" * 140 + " {url}",
        "x" * 178 + " {token}",
        "https:\\/\\/shop.example\\/webhooks\\/influence\\/{token} refused",
    ],
)
def test_the_token_is_not_in_what_the_api_repeats(
    directory: Directory, api: SingleCalls, words: str
) -> None:
    told = words.format(url=URL, token=TOKEN, quoted=quote(URL, safe=""))

    def answer(method: str, path: str, body: bytes) -> tuple[int, Any]:
        return (200, {"webhooks": []}) if method == "GET" else (400, {"message": told})

    directory.answer = answer
    for one in register(api, URL):
        assert one.standing is Standing.REFUSED
        assert TOKEN[:8] not in one.words
    if "webhooks" in told:
        directory.answer = lambda *_: (400, {"message": told})
        with pytest.raises(ApiError) as caught:
            status(api)
        assert TOKEN[:8] not in str(caught.value)


def test_the_status_names_what_is_missing_and_hides_the_token(
    directory: Directory, api: SingleCalls
) -> None:
    directory.answer = Subscriptions({"id": "o", "topic": "points/earned", "url": URL})
    found = status(api)
    assert "points/redeemed" in found.missing
    assert "points/earned" not in found.missing
    assert TOKEN not in repr(found)
    assert found.subscriptions[0].url == "https://shop.example/webhooks/influence/…"


def test_an_api_that_cannot_list_creates_nothing(directory: Directory, api: SingleCalls) -> None:
    directory.answer = lambda *_: (404, {"message": "Not Found"})
    with pytest.raises(ApiError, match="by hand"):
        register(api, URL)
    assert [call[0] for call in directory.requests] == ["GET"]


def test_a_cursor_that_never_ends_is_not_followed_for_ever(
    directory: Directory, api: SingleCalls
) -> None:
    directory.answer = lambda *_: (200, {"webhooks": [], "nextToken": "same"})
    assert status(api).subscriptions == ()
    assert len(directory.requests) == 2


@pytest.mark.parametrize("body", [[], {}, {"data": "x"}, [1, "a", None], {"webhooks": [[]]}])
def test_other_shapes_of_the_list_are_read_as_far_as_possible(
    directory: Directory, api: SingleCalls, body: Any
) -> None:
    directory.answer = lambda *_: (200, body)
    assert status(api).subscriptions == ()


@pytest.mark.parametrize(
    "url",
    [
        f"http://shop.example/webhooks/influence/{TOKEN}",
        "https://shop.example/webhooks/influence/",
        "https://shop.example/hook",
        f"https://user:pw@shop.example/webhooks/influence/{TOKEN}",
        f"https://shop.example/webhooks/influence/{TOKEN}?x=1",
        "shop.example",
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_before_anything_is_asked(
    directory: Directory, api: SingleCalls, url: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        register(api, url)
    assert TOKEN not in str(caught.value)
    assert directory.requests == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (URL, "https://shop.example/webhooks/influence/…"),
        (f"{URL}/more", "https://shop.example/webhooks/influence/…"),
        ("https://u:p@host:8443/a/b/?token=x", "https://host:8443/a/…"),
        ("https://host", "https://host/…"),
        ("nonsense", "…"),
    ],
)
def test_an_address_is_shown_without_its_secret(url: str, shown: str) -> None:
    assert masked(url) == shown

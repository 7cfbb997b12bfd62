"""Alerts: told to a real chat's webhook, seldom enough to be read, and never in anybody's way."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import pytest

from influence_pipeline import alerts
from influence_pipeline.alerts import SAME_WORDS_SECONDS, Alerts, InThisProcess
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import load_settings
from influence_pipeline_tests.support.chat import Chat

AWAY = "The store is away since 12:01; look at it."


@dataclass
class Clock:
    seconds: float = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told(chat: Chat, clock: Clock) -> Alerts:
    return Alerts(chat.url, InThisProcess(), now=clock)


def test_an_alert_is_told_to_the_chat_and_to_the_log(
    told: Alerts, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    told.alert("store", AWAY)
    assert chat.said == [AWAY]
    assert [(r.levelno, r.getMessage()) for r in caplog.records] == [(logging.ERROR, AWAY)]


def test_without_an_address_the_log_is_told(caplog: pytest.LogCaptureFixture) -> None:
    Alerts(None, InThisProcess()).alert("store", AWAY)
    assert [r.getMessage() for r in caplog.records] == [AWAY]


def test_the_same_words_are_told_once_an_hour_whatever_the_figures(
    told: Alerts, chat: Chat, clock: Clock
) -> None:
    told.alert("store", AWAY)
    told.alert("store", AWAY.replace("12:01", "12:02"))
    clock.seconds += SAME_WORDS_SECONDS - 1
    told.alert("store", AWAY)
    assert len(chat.said) == 1
    clock.seconds += 1
    told.alert("store", AWAY)
    assert len(chat.said) == 2


def test_other_words_are_told_at_once(told: Alerts, chat: Chat) -> None:
    told.alert("store", AWAY)
    told.alert("store", "The store refuses the password.")
    told.alert("api", AWAY)
    assert len(chat.said) == 3


def test_that_it_works_again_is_told_once_and_only_after_an_alert(
    told: Alerts, chat: Chat, clock: Clock
) -> None:
    told.works_again("store", "The store works again.")
    told.alert("store", AWAY)
    told.works_again("api", "The API works again.")
    clock.seconds += 2 * SAME_WORDS_SECONDS
    told.works_again("store", "The store works again.")
    told.works_again("store", "The store works again.")
    assert chat.said == [AWAY, "The store works again."]


def test_trouble_that_comes_and_goes_is_told_once_an_hour(told: Alerts, chat: Chat) -> None:
    for _ in range(5):
        told.alert("store", AWAY)
        told.works_again("store", "The store works again.")
    quiet = "(The same trouble would be told again from 14:46 UTC on.)"
    assert chat.said == [AWAY, f"The store works again. {quiet}"]


def test_what_was_told_is_known_to_the_next_process_with_the_same_memory(
    chat: Chat, clock: Clock
) -> None:
    memory = InThisProcess()
    Alerts(chat.url, memory, now=clock).alert("store", AWAY)
    Alerts(chat.url, memory, now=clock).alert("store", AWAY)
    Alerts(chat.url, memory, now=clock).works_again("store", "The store works again.")
    assert len(chat.said) == 2


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_an_alert_that_is_refused_is_said_in_words_and_fails_nothing(
    told: Alerts, chat: Chat, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    chat.status = status
    told.alert("store", AWAY)
    said = caplog.records[-1].getMessage()
    assert f"HTTP {status}" in said
    assert "INFLUENCE_ALERT_URL" in said
    assert "canary" not in caplog.text
    assert len(chat.paths) == 1, "a redirect is not followed"


def test_a_chat_that_cannot_be_reached_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    Alerts("http://127.0.0.1:9/secret-canary", InThisProcess()).alert("store", AWAY)
    assert "it cannot be reached (ConnectionError)" in caplog.text
    assert "canary" not in caplog.text


def test_a_chat_that_hangs_holds_nobody_up(
    told: Alerts, chat: Chat, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(alerts, "_TIMEOUT_SECONDS", 0.1)
    chat.seconds = 0.5
    began = time.monotonic()
    told.alert("store", AWAY)
    assert time.monotonic() - began < 0.4
    assert "not delivered" in caplog.text


def test_a_memory_that_fails_keeps_no_alert_back(chat: Chat) -> None:
    class Broken:
        def load(self) -> dict[str, float]:
            raise OSError

        def save(self, told: dict[str, float]) -> None:
            raise OSError

    Alerts(chat.url, Broken()).alert("store", AWAY)
    assert chat.said == [AWAY]


@pytest.mark.usefixtures("bare_environment")
class TestTheAddress:
    @pytest.mark.parametrize("url", ["https://chat.example/x", "http://127.0.0.1:8/x"])
    def test_may_be_https_or_this_machine(self, url: str) -> None:
        secret = load_settings(alert_url=url).environment.alert_url
        assert secret is not None
        assert secret.get_secret_value() == url
        assert url not in repr(secret)

    @pytest.mark.parametrize(
        "url", ["http://chat.example/canary", "ftp://canary", "https://u:canary@chat.example"]
    )
    def test_any_other_is_refused_without_being_shown(self, url: str) -> None:
        with pytest.raises(ConfigurationError) as refused:
            load_settings(alert_url=url)
        assert str(refused.value).startswith("INFLUENCE_ALERT_URL must be ")
        assert "canary" not in str(refused.value)

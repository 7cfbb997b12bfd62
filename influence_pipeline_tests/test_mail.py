"""Alerts by mail, to real mail servers: with TLS or not, with a password, refused, silent."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from influence_pipeline import alerts
from influence_pipeline.alerts import Alerts, InThisProcess
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.mail import MailRefused, look, post_of, send
from influence_pipeline.settings import load_settings
from influence_pipeline_tests.support.chat import Chat
from influence_pipeline_tests.support.mail_server import (
    PASSWORD,
    USER,
    MailServer,
    certificate,
    serving,
)

AWAY = "The store is away since 12:01; look at it.\nThe next command: influence-pipeline status"
TO = "ops@shop.example, night@shop.example"
LOGIN = f"{USER}:{quote(PASSWORD, safe='')}@"


def _alert(url: str, *, to: str = TO, chat: str | None = None) -> None:
    Alerts(chat, InThisProcess(), post=post_of(url, to)).alert("store", AWAY)


def _only(server: MailServer) -> tuple[str, str, str, str]:
    (message,) = server.got
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return message["From"], message["To"], message["Subject"], payload.decode().strip()


def test_an_alert_is_a_mail_whose_subject_is_its_first_line() -> None:
    with serving() as server:
        _alert(f"smtp://127.0.0.1:{server.port}?from=pipeline@shop.example")
        sender, to, subject, text = _only(server)
    assert (sender, to) == ("pipeline@shop.example", "ops@shop.example, night@shop.example")
    assert subject == f"Influence pipeline: {AWAY.splitlines()[0]}"
    assert text.replace("\r\n", "\n") == AWAY


def test_who_it_is_from_follows_from_the_user_or_the_first_address() -> None:
    assert post_of("smtp://me%40x.example:p@mail.example", TO).sender == "me@x.example"
    assert post_of("smtp://mail.example", TO).sender == "ops@shop.example"
    assert post_of("smtps://mail.example", TO).port == 465
    assert post_of("smtp://mail.example", TO).port == 587


@pytest.mark.parametrize("at_once", [True, False], ids=["smtps", "starttls"])
def test_a_password_goes_over_tls_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    scheme = "smtps" if at_once else "smtp"
    with serving(tls=context, at_once=at_once, login=True) as server:
        _alert(f"{scheme}://{LOGIN}localhost:{server.port}")
        assert _only(server)[1] == "ops@shop.example, night@shop.example"
        assert server.user == USER
        # Of TLS from the first byte the server itself sees nothing.
        assert server.encrypted or at_once


def test_a_password_is_not_sent_readable_to_another_machine() -> None:
    with serving(login=True) as server:
        # Another name for this machine, which nobody takes for it.
        post = post_of(f"smtp://{LOGIN}127.0.0.2:{server.port}", TO)
        server.host = "127.0.0.2"
        with pytest.raises((MailRefused, OSError)):
            send(post, "subject", "text", 2.0)
        assert (server.got, server.user) == ([], None)


def test_a_certificate_that_nobody_trusts_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context, _ = certificate(tmp_path)
    with serving(tls=context, at_once=True) as server:
        _alert(f"smtps://{LOGIN}localhost:{server.port}")
        assert server.got == []
    assert "it cannot be reached (SSLCertVerificationError)" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    ("login", "answer", "words"),
    [
        (True, "250 OK", "it refuses the user or the password"),
        (False, "554 no p@ss-canary here", "it answers 554"),
        (False, "451 later", "it answers 451"),
    ],
)
def test_a_server_that_refuses_fails_nothing_and_is_said_in_words(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    login: bool,
    answer: str,
    words: str,
) -> None:
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with serving(tls=context, login=login) as server:
        server.answer = answer
        wrong = f"{USER}:wrong-canary@" if login else ""
        _alert(f"smtp://{wrong}localhost:{server.port}")
    said = caplog.records[-1].getMessage()
    assert words in said
    assert "INFLUENCE_ALERT_EMAIL through INFLUENCE_SMTP_URL" in said
    assert "canary" not in caplog.text


def test_a_server_that_is_not_there_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    _alert(f"smtp://{LOGIN}127.0.0.1:9")
    assert "it cannot be reached (ConnectionRefusedError)" in caplog.text
    assert "canary" not in caplog.text


def test_a_server_that_hangs_holds_nobody_up_and_the_chat_is_told_all_the_same(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(alerts, "_TIMEOUT_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        _alert(f"smtp://127.0.0.1:{silent.getsockname()[1]}", chat=chat.url)
        assert time.monotonic() - began < 3
        assert chat.said == [AWAY]
        assert "not delivered to INFLUENCE_ALERT_EMAIL" in caplog.text
        # The thread's own wait is as long; it is over before the socket is.
        time.sleep(0.3)


def test_a_look_lets_nobody_have_mail_and_says_whether_we_are_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with serving(tls=context, login=True) as server:
        look(post_of(f"smtp://{LOGIN}localhost:{server.port}", TO), 5.0)
        with pytest.raises(MailRefused, match="user or the password"):
            look(post_of(f"smtp://{USER}:wrong@localhost:{server.port}", TO), 5.0)
        assert server.got == []


@pytest.mark.usefixtures("bare_environment")
class TestSettings:
    @pytest.mark.parametrize(
        "url",
        [
            "smtp://mail.example",
            "smtps://u:p@mail.example:465/?from=a@b.example",
            "smtp://me%40x.example:p%40ss@mail.example:587",
        ],
    )
    def test_a_server_may_be(self, url: str) -> None:
        secret = load_settings(smtp_url=url, alert_email=TO).environment.smtp_url
        assert secret is not None
        assert url not in repr(secret)

    @pytest.mark.parametrize(
        "url", ["mail.example", "http://mail.example", "smtp://me@x.example:p@mail.example"]
    )
    def test_a_server_may_not_be_and_no_secret_is_shown(self, url: str) -> None:
        with pytest.raises(ConfigurationError, match="INFLUENCE_SMTP_URL") as refused:
            load_settings(smtp_url=url)
        assert "x.example" not in str(refused.value)

    @pytest.mark.parametrize("to", ["nobody", "a@b.example; c@d.example", "a@b.example,"])
    def test_an_address_may_not_be(self, to: str) -> None:
        with pytest.raises(ConfigurationError, match="INFLUENCE_ALERT_EMAIL must be"):
            load_settings(alert_email=to)

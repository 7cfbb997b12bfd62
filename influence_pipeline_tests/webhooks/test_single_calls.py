"""Single calls to the API, over real HTTP: what an answer means, and what never leaves."""

from __future__ import annotations

import socket
from decimal import Decimal
from typing import Any

import pytest

from influence_pipeline.errors import ApiError, ApiKeyRejected, ApiUnreachable
from influence_pipeline.platform_api.calls import Call, Failure
from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline_tests.webhooks.conftest import Directory


def test_a_customer_is_asked_for_with_the_key_in_the_header_only(
    directory: Directory, api: SingleCalls
) -> None:
    directory.customers["a%2Fb%3Fc"] = "inf-1"
    answer = api.get_customer("a/b?c")
    assert answer.found
    assert answer.body["customer"]["id"] == "inf-1"
    ((method, path, headers, _),) = directory.requests
    assert (method, path) == ("GET", "/v1/customers/a%2Fb%3Fc")
    assert {name.lower(): value for name, value in headers.items()}["x-api-key"] == "key-0123456789"


def test_an_unknown_customer_is_an_answer_not_an_error(api: SingleCalls) -> None:
    answer = api.get_customer("9")
    assert (answer.found, answer.status, answer.words) == (False, 404, "Customer not found")


def test_numbers_in_answers_are_exact(directory: Directory, api: SingleCalls) -> None:
    directory.answer = lambda *_: (200, b'{"a": 0.1, "b": ' + b"9" * 5001 + b"}")
    body = api.get_order("1").body
    assert body["a"] == Decimal("0.1")
    assert body["b"] == Decimal("9" * 5001)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, ApiKeyRejected),
        (403, ApiKeyRejected),
        (408, ApiError),
        (429, ApiError),
        (500, ApiError),
        (504, ApiError),
        (301, ApiError),
        (307, ApiError),
    ],
)
def test_trouble_with_the_api_as_a_whole_is_raised(
    directory: Directory, api: SingleCalls, status: int, kind: type[ApiError]
) -> None:
    directory.answer = lambda *_: (status, {"message": "no"})
    with pytest.raises(kind) as caught:
        api.get_customer("secret-id")
    assert "INFLUENCE_API_URL" in str(caught.value)
    assert "secret-id" not in str(caught.value)
    assert "key-0123456789" not in str(caught.value)


def test_any_call_gives_back_whatever_comes_of_it(directory: Directory, api: SingleCalls) -> None:
    directory.answer = lambda *_: (429, b"<html>")
    directory.headers = {"Retry-After": "7"}
    reply = api.send(Call("POST order", "POST", "/v1/orders", b'{"a":"\xc3\xbc"}'))
    assert (reply.status, reply.body, reply.failure) == (429, b"<html>", None)
    assert reply.headers["retry-after"] == "7"
    ((method, path, headers, body),) = directory.requests
    assert (method, path, body) == ("POST", "/v1/orders", b'{"a":"\xc3\xbc"}')
    assert {name.lower(): value for name, value in headers.items()}["content-type"] == (
        "application/json"
    )


def test_a_call_that_nobody_can_have_seen_is_told_from_one_without_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        silent = SingleCalls(url, "key", timeout=(1.0, 0.2))
        assert silent.send(Call("", "POST", "/v1/orders", b"{}")).failure is Failure.NO_REPLY
    gone = SingleCalls(url, "key").send(Call("", "POST", "/v1/orders", b"{}"))
    assert (gone.failure, gone.detail) == (
        Failure.NOT_SENT,
        "nothing listens at that host and port",
    )


def test_a_redirect_is_not_followed_so_the_key_goes_nowhere_else(
    directory: Directory, api: SingleCalls
) -> None:
    other = Directory()
    try:
        directory.answer = lambda *_: (307, b"")
        directory.headers = {"location": f"{other.url}/v1/customers/1"}
        with pytest.raises(ApiError, match="redirect"):
            api.get_customer("1")
        assert other.requests == []
    finally:
        other.close()


@pytest.mark.parametrize("content", [b"<html>", b"{", b"[" * 100_000, b"\xff\xfe"])
def test_what_is_not_json_is_no_answer(
    directory: Directory, api: SingleCalls, content: bytes
) -> None:
    directory.answer = lambda *_: (200, content)
    with pytest.raises(ApiError, match="not JSON"):
        api.get_customer("1")


def test_an_endless_reply_is_not_read_to_its_end(directory: Directory, api: SingleCalls) -> None:
    directory.answer = lambda *_: (200, b'{"a": "' + b"x" * (5 * 1024 * 1024) + b'"}')
    with pytest.raises(ApiError):
        api.get_customer("1")


def test_nothing_listening_is_said_so(api: SingleCalls) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ApiUnreachable, match="nothing listens"):
        SingleCalls(f"http://127.0.0.1:{port}", "key").get_customer("1")


def test_a_silent_api_is_given_up_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        calls = SingleCalls(
            f"http://127.0.0.1:{listener.getsockname()[1]}", "key", timeout=(1.0, 0.2)
        )
        with pytest.raises(ApiUnreachable, match="in time"):
            calls.get_customer("1")


def test_cookies_and_netrc_stay_out_of_the_calls(
    directory: Directory, api: SingleCalls, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    directory.headers = {"set-cookie": "session=canary"}
    for _ in range(2):
        api.get_customer("1")
    assert "canary" not in repr(directory.requests)
    assert "Authorization" not in repr(directory.requests)


def test_its_repr_shows_no_key() -> None:
    assert "key-0123456789" not in repr(SingleCalls("https://api.test", "key-0123456789"))

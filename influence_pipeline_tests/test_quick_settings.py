"""The quick way to the settings gives what the full way gives, and its words where it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from influence_pipeline import quick_settings as module
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.quick_settings import quick_settings
from influence_pipeline_tests.support import preset

PLAIN = (preset.FOLDER / "influence.toml").read_text(encoding="utf-8")
CANARY = "canary-s3cret"
URL = f"postgresql://u:{CANARY}@db.example/state"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, bare_environment: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


ENVIRONMENTS: dict[str, dict[str, Any]] = {
    "variables": {"set": {"INFLUENCE_STATE_URL": URL, "INFLUENCE_STORE_URL": "postgresql://h/s"}},
    "no store": {"set": {"INFLUENCE_STATE_URL": URL}},
    "an empty store": {"set": {"INFLUENCE_STATE_URL": URL, "INFLUENCE_STORE_URL": ""}},
    "lower case": {"set": {"influence_state_url": URL}},
    "dot env": {"env": f"INFLUENCE_STATE_URL={URL}\nINFLUENCE_STORE_URL='postgresql://h/s'\n"},
    "dot env, exported": {"env": f"export INFLUENCE_STATE_URL={URL} # why\nOTHER=1\n"},
    "dot env behind the environment": {
        "env": "INFLUENCE_STATE_URL=postgresql://h/other\nINFLUENCE_STORE_URL=postgresql://h/s\n",
        "set": {"INFLUENCE_STATE_URL": URL},
    },
    "dot env under an empty variable": {
        "env": f"INFLUENCE_STATE_URL={URL}\n", "set": {"INFLUENCE_STATE_URL": ""},
    },
    "another file": {
        "set": {"INFLUENCE_STATE_URL": URL, "INFLUENCE_CONFIG": "there/other.toml"},
        "file": "there/other.toml",
    },
    "another schema": {
        "set": {"INFLUENCE_STATE_URL": URL}, "toml": 'state_schema = "loyalty"\n' + PLAIN,
    },
    "a transform": {
        "set": {"INFLUENCE_STATE_URL": URL},
        "toml": PLAIN.replace("[products]\n", '[products]\ntransform = "t.py:of_products"\n', 1),
    },
    "a go-live": {
        "set": {"INFLUENCE_STATE_URL": URL},
        "toml": PLAIN.replace("[orders]\n", "[orders]\ngo_live = 2026-11-01T00:00:00+01:00\n", 1),
    },
}  # fmt: skip


def arrange(given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in given.get("set", {}).items():
        monkeypatch.setenv(name, value)
    if "env" in given:
        Path(".env").write_text(given["env"], encoding="utf-8")
    file = Path(given.get("file", "influence.toml"))
    file.parent.mkdir(exist_ok=True)
    file.write_text(given.get("toml", PLAIN), encoding="utf-8")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_quick_way_gives_what_the_full_way_gives(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrange(ENVIRONMENTS[name], monkeypatch)
    assert module._quick() == module._full()


TOO_ODD: dict[str, dict[str, Any]] = {
    "a go-live in quotes": {
        "set": {"INFLUENCE_STATE_URL": URL},
        "toml": PLAIN.replace("[orders]\n", '[orders]\ngo_live = "2026-11-01T00:00:00Z"\n', 1),
    },
}


@pytest.mark.parametrize("name", TOO_ODD)
def test_what_the_quick_way_cannot_read_is_left_to_the_full_way(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrange(TOO_ODD[name], monkeypatch)
    assert quick_settings() == module._full()
    with pytest.raises(module._NotAsExpected):
        module._quick()


SET = {"INFLUENCE_STATE_URL": URL}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no url": ({}, "Not set: INFLUENCE_STATE_URL."),
    "no file": ({"set": {**SET, "INFLUENCE_CONFIG": "no.toml"}}, "There is no no.toml."),
    "no toml": ({"set": SET, "toml": "version ="}, "influence.toml is not valid TOML: "),
    "no version": ({"set": SET, "toml": "x = 1"}, "version is missing"),
    "an odd schema": ({"set": SET, "toml": 'state_schema = "A b"\n' + PLAIN}, "state_schema "),
    "a schema of another type": (
        {"set": SET, "toml": "state_schema = 7\n" + PLAIN},
        "state_schema ",
    ),
    "no orders": ({"set": SET, "toml": "version = 1\n[customers]\n"}, "orders is missing"),
    "an empty query": (
        {"set": SET, "toml": PLAIN.replace('query = "orders.sql"', 'query = ""')},
        "orders.query ",
    ),
    "a go-live without a zone": (
        {
            "set": SET,
            "toml": PLAIN.replace("[orders]\n", "[orders]\ngo_live = 2026-11-01T00:00:00\n", 1),
        },
        "orders.go_live needs a time zone",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_told_in_the_words_of_the_full_way(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, says = REFUSED[name]
    arrange(given, monkeypatch)
    with pytest.raises(ConfigurationError) as caught:
        quick_settings()
    assert says in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_dot_env_that_is_not_utf_8_is_told() -> None:
    Path(".env").write_bytes(b"INFLUENCE_STATE_URL=\xff\n")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        quick_settings()


def test_the_repr_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    arrange(ENVIRONMENTS["variables"], monkeypatch)
    assert CANARY not in repr(quick_settings())


def test_a_mistake_elsewhere_in_the_file_does_not_keep_it_from_answering(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arrange({"set": SET, "toml": PLAIN + "\n[delivry]\nin_flight = 1\n"}, monkeypatch)
    assert quick_settings().state_url == URL

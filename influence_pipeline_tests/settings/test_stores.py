"""The list of stores: what each one reads, and which mistake keeps whom from running."""

from __future__ import annotations

from pathlib import Path

import pytest

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import (
    Environment,
    known_variables,
    load_settings,
    read_stores,
    said,
)
from influence_pipeline_tests.support import preset

CANARY = "canary-s3cret"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, bare_environment: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a list of two stores that are apart, and nothing else set."""
    monkeypatch.chdir(tmp_path)
    for name in ("berlin", "paris"):
        Path(name).mkdir()
        Path(name, "influence.toml").write_text(
            f'state_schema = "of_{name}"\n' + (preset.FOLDER / "influence.toml").read_text()
        )
        upper = name.upper()
        monkeypatch.setenv(f"INFLUENCE_{upper}_API_KEY", f"{CANARY}-{name}")
        monkeypatch.setenv(f"INFLUENCE_{upper}_STATE_URL", f"postgresql://u:{CANARY}@db/state")
        monkeypatch.setenv(f"INFLUENCE_{upper}_STORE_URL", f"postgresql://u:{CANARY}@db/{name}")
    listed("berlin", "paris")
    monkeypatch.setenv("INFLUENCE_STORES", "stores.toml")
    return tmp_path


def listed(*names: str, then: str = "") -> None:
    """Write the list."""
    entries = [f'[[store]]\nname = "{n}"\nconfig = "{n.lower()}/influence.toml"\n' for n in names]
    Path("stores.toml").write_text("\n".join(entries) + then)


def refused(store: str | None = None) -> str:
    """What is said of a store that may not run."""
    with pytest.raises(ConfigurationError) as caught:
        settings = load_settings(store)
        settings.require("store_url", "state_url", "api_key")
        _ = settings.config
    assert CANARY not in str(caught.value)
    return str(caught.value)


def runs(store: str) -> bool:
    settings = load_settings(store)
    return settings.config.state_schema == f"of_{store}"


class TestWhatAStoreReads:
    def test_its_own_variables_and_file(self, folder: Path) -> None:
        settings = load_settings("paris")
        assert settings.store == "paris"
        assert settings.secret("api_key") == f"{CANARY}-paris"
        assert settings.file == folder / "paris" / "influence.toml"
        assert settings.config.state_schema == "of_paris"

    def test_paths_are_relative_to_the_list(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("INFLUENCE_STORES", str(folder / "stores.toml"))
        (folder / "elsewhere").mkdir()
        monkeypatch.chdir(folder / "elsewhere")
        assert runs("berlin")

    def test_its_variables_may_stand_in_dot_env(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("INFLUENCE_STORES")
        monkeypatch.delenv("INFLUENCE_PARIS_API_KEY")
        Path(".env").write_text("INFLUENCE_STORES=stores.toml\nINFLUENCE_PARIS_API_KEY=of-env\n")
        assert load_settings("paris").secret("api_key") == "of-env"

    def test_what_all_may_have_in_common_comes_from_the_plain_variable(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("INFLUENCE_API_URL", "https://all.example")
        monkeypatch.setenv("INFLUENCE_ALERT_URL", "https://chat.example/all")
        monkeypatch.setenv("INFLUENCE_AUTOMATION", "on")
        monkeypatch.setenv("INFLUENCE_PARIS_API_URL", "https://paris.example")
        monkeypatch.setenv("INFLUENCE_PARIS_AUTOMATION", "off")
        berlin, paris = (load_settings(name).environment for name in ("berlin", "paris"))
        assert (berlin.api_url, berlin.automation) == ("https://all.example", "on")
        assert (paris.api_url, paris.automation) == ("https://paris.example", "off")
        for one in (berlin, paris):
            assert one.alert_url is not None
            assert one.alert_url.get_secret_value() == "https://chat.example/all"

    @pytest.mark.parametrize(
        "name", sorted(set(Environment.model_fields) - {"api_url", "alert_url", "automation"})
    )
    def test_nothing_else_does(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another shop's key or database is never used because one's own is missing."""
        for store in ("BERLIN", "PARIS"):
            monkeypatch.delenv(f"INFLUENCE_{store}_{name.upper()}", raising=False)
        value = "https://common.example" if name == "shop_api_url" else "postgresql://common/x"
        monkeypatch.setenv(f"INFLUENCE_{name.upper()}", value)
        found = getattr(load_settings("berlin").environment, name)
        assert "common" not in str(found)
        assert name == "config" or found is None

    def test_what_is_missing_is_named_as_this_store_has_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("INFLUENCE_PARIS_API_KEY")
        monkeypatch.setenv("INFLUENCE_API_KEY", CANARY)
        assert refused("paris") == (
            "Not set: INFLUENCE_PARIS_API_KEY. Set the environment variable (or a line in .env "
            "here); INFLUENCE_PARIS_API_KEY is the Platform API key from the Influence dashboard."
        )

    def test_a_wrong_value_is_named_so_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("INFLUENCE_PARIS_API_URL", "nonsense")
        assert refused("paris").startswith("INFLUENCE_PARIS_API_URL must be an http(s) URL")
        assert runs("berlin")
        monkeypatch.delenv("INFLUENCE_PARIS_API_URL")
        monkeypatch.setenv("INFLUENCE_API_URL", "nonsense")
        assert refused("paris").startswith("INFLUENCE_API_URL must be an http(s) URL")

    def test_a_missing_file_is_named_with_its_store(self) -> None:
        Path("paris", "influence.toml").unlink()
        said_of_it = refused("paris")
        assert said_of_it.startswith("There is no ")
        assert said_of_it.endswith(
            "The list of stores must name the influence.toml of paris (config)."
        )
        assert runs("berlin")


class TestWhichStore:
    def test_several_and_none_named(self) -> None:
        assert refused() == (
            "stores.toml (INFLUENCE_STORES) lists several stores. Say which is meant: "
            "`influence-pipeline --store NAME …`, or INFLUENCE_STORE=NAME. Its stores: berlin, paris."
        )

    def test_the_variable_names_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("INFLUENCE_STORE", "paris")
        assert load_settings().store == "paris"
        assert load_settings("berlin").store == "berlin"

    def test_a_list_of_one_needs_no_name(self) -> None:
        listed("berlin")
        assert load_settings().store == "berlin"

    def test_one_that_is_not_in_the_list(self) -> None:
        assert (
            refused("rome") == "There is no store rome in stores.toml. Its stores: berlin, paris."
        )

    def test_one_where_there_is_no_list(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("INFLUENCE_STORES")
        assert refused("paris").startswith("Store paris was asked for (--store or INFLUENCE_STORE)")
        assert load_settings().store is None


class TestTheListAsAWhole:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "it lists no store; write a [[store]] with name and config for each."),
            ("store = []", "it lists no store"),
            ("store = 3", "line 1: store must be a list"),
            ("stores = []", "line 1: stores is not a known key (did you mean store?)"),
            ("[[store]\n", "is not valid TOML"),
        ],
    )
    def test_one_that_cannot_be_used(self, text: str, words: str) -> None:
        Path("stores.toml").write_text(text)
        with pytest.raises(ConfigurationError) as caught:
            read_stores()
        assert words in str(caught.value)
        assert "stores.toml" in str(caught.value)

    def test_one_that_is_not_there(self) -> None:
        Path("stores.toml").unlink()
        assert refused("paris") == (
            "There is no stores.toml. INFLUENCE_STORES must name the list of your stores."
        )

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ('"wien-1"', "'wien-1' is no name for a store. Dagster and variables take letters,"),
            ('"köln"', "'köln' is no name"),
            ('"_x"', "'_x' is no name"),
            (f'"{"x" * 41}"', "40 at most"),
            ("7", "a [[store]] has no name, which is a text in quotes"),
        ],
    )
    def test_an_entry_without_a_name_that_can_be_used_is_left_out_and_said(
        self, name: str, words: str
    ) -> None:
        listed("berlin", "paris", then=f'\n[[store]]\nname = {name}\nconfig = "x.toml"\n')
        stores = read_stores()
        assert stores is not None
        assert [store.name for store in stores.stores] == ["berlin", "paris"]
        (problem,) = stores.problems
        assert problem.startswith("stores.toml: line 9: ")
        assert words in problem
        assert runs("berlin")
        assert runs("paris")

    @pytest.mark.parametrize(
        ("entry", "words"),
        [
            ("", "config is missing"),
            ('config = "x"\nkonfig = "y"', "konfig is not a known key (did you mean config?)"),
            ("config = 3", "config must be a path"),
        ],
    )
    def test_a_mistake_in_an_entry_concerns_that_store(self, entry: str, words: str) -> None:
        listed("berlin", then=f'\n[[store]]\nname = "paris"\n{entry}\n')
        assert words in refused("paris")
        assert refused("paris").startswith("stores.toml: line 5: ")
        assert runs("berlin")


class TestApart:
    @pytest.mark.parametrize(
        ("names", "variable"),
        [
            (("paris", "paris"), "INFLUENCE_PARIS_ALERT_URL"),
            (("paris", "Paris"), "INFLUENCE_PARIS_ALERT_URL"),
            (("paris", "paris_shop"), "INFLUENCE_PARIS_SHOP_API_URL"),
        ],
    )
    def test_names_that_would_share_a_variable(self, names: tuple[str, ...], variable: str) -> None:
        listed("berlin", *names)
        for name in names:
            assert refused(name) == (
                f"stores.toml: more than one store ({', '.join(names)}) would read {variable}. "
                "Give each a name of its own; until then none of them runs."
            )
        assert runs("berlin")

    def test_a_name_whose_variable_has_a_meaning_already(self) -> None:
        listed("berlin", "shop")
        assert "its variable INFLUENCE_SHOP_API_URL has a meaning already" in refused("shop")
        assert runs("berlin")

    def test_one_account_for_two(self, monkeypatch: pytest.MonkeyPatch) -> None:
        listed("berlin", "paris", "rome")
        Path("rome").mkdir()
        Path("rome", "influence.toml").write_text(Path("berlin", "influence.toml").read_text())
        monkeypatch.setenv("INFLUENCE_ROME_API_KEY", f"{CANARY}-berlin")
        for one, other in (("berlin", "rome"), ("rome", "berlin")):
            assert refused(one) == (
                f"Stores {one} and {other} have the same API key (INFLUENCE_{one.upper()}_API_KEY, "
                f"INFLUENCE_{other.upper()}_API_KEY): each would write over the other's customers in "
                "one Influence account. Give each the key of its own account; until then neither "
                "runs."
            )
        assert runs("paris")

    @pytest.mark.parametrize(
        "url",
        ["postgresql://u@db/state", "postgres://other:pass@DB:5432/state", "host=db dbname=state"],
    )
    def test_one_state_for_two(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        file = Path("paris", "influence.toml")
        file.write_text(file.read_text().replace("of_paris", "of_berlin"))
        monkeypatch.setenv("INFLUENCE_PARIS_STATE_URL", url)
        assert "keep their state in the same database" in refused("berlin")
        assert "and schema (of_berlin)" in refused("paris")

    def test_this_machine_by_two_names(self, monkeypatch: pytest.MonkeyPatch) -> None:
        file = Path("paris", "influence.toml")
        file.write_text(file.read_text().replace("of_paris", "of_berlin"))
        monkeypatch.setenv("INFLUENCE_BERLIN_STATE_URL", "postgresql://u@localhost/state")
        monkeypatch.setenv("INFLUENCE_PARIS_STATE_URL", "postgresql://u@127.0.0.1:5432/state")
        assert "keep their state in the same database" in refused("berlin")

    def test_the_same_schema_in_two_databases_is_apart(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = Path("paris", "influence.toml")
        file.write_text(file.read_text().replace("of_paris", "of_berlin"))
        monkeypatch.setenv("INFLUENCE_PARIS_STATE_URL", "postgresql://u@db/other")
        assert runs("berlin")

    def test_one_that_cannot_run_is_in_nobodys_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("INFLUENCE_PARIS_API_KEY", f"{CANARY}-berlin")
        monkeypatch.setenv("INFLUENCE_PARIS_API_URL", "nonsense")
        assert runs("berlin")


class TestWords:
    def test_variables_and_commands_are_named_as_the_store_has_them(self) -> None:
        plain = (
            "INFLUENCE_STORE_URL is wrong; INFLUENCE_API_URL too. `influence-pipeline check`, "
            "influence-pipeline events list; INFLUENCE_STORES stays."
        )
        assert said(plain, None) == plain
        told = said(plain, "berlin")
        assert told == (
            "INFLUENCE_BERLIN_STORE_URL is wrong; INFLUENCE_BERLIN_API_URL or INFLUENCE_API_URL "
            "too. `influence-pipeline --store berlin check`, influence-pipeline --store berlin "
            "events list; INFLUENCE_STORES stays."
        )
        assert said(told, "berlin") == told

    def test_a_longer_name_is_not_taken_for_a_shorter_one(self) -> None:
        assert said("INFLUENCE_WEBHOOK_TOKEN_PREVIOUS", "b") == "INFLUENCE_B_WEBHOOK_TOKEN_PREVIOUS"

    def test_every_variable_that_is_read_is_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        known = known_variables()
        assert {"INFLUENCE_PARIS_API_KEY", "INFLUENCE_STORES", "INFLUENCE_API_URL"} <= known
        assert not {"INFLUENCE_API_KEY", "INFLUENCE_PARIS_CONFIG"} & known
        monkeypatch.delenv("INFLUENCE_STORES")
        assert {"INFLUENCE_API_KEY", "INFLUENCE_CONFIG"} <= known_variables()

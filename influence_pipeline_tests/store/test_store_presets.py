"""The files of the presets for known stores, as they are shipped, and what their comments offer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from influence_pipeline.settings import Config, load_settings
from influence_pipeline_tests.support import store_presets
from influence_pipeline_tests.support.store_presets import PRESETS, STORES


@pytest.fixture(params=STORES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of each preset."""
    return Path(shutil.copytree(PRESETS / request.param, tmp_path / request.param))


def config(folder: Path) -> Config:
    return load_settings(config=folder / "influence.toml").config


def test_no_reward_is_active_that_a_merchant_did_not_write(folder: Path) -> None:
    assert config(folder).rewards == {}


def test_the_examples_of_rewards_can_be_taken_out_of_their_comments(folder: Path) -> None:
    store_presets.take_example_rewards(folder / "influence.toml")
    assert set(config(folder).rewards) == {"id-of-your-rule", "id-of-another-rule"}


def test_the_writer_of_coupons_is_the_one_that_is_right_for_the_store() -> None:
    writers = {}
    for store in STORES:
        coupons = config(PRESETS / store).coupons
        assert coupons is not None
        writers[store] = (coupons.writer, coupons.case_sensitive)
    # Vendure's server keeps groups in memory: a lock by SQL would be worth nothing.
    assert writers == {
        "medusa": ("sql", True),
        "vendure": ("vendure", True),
        "saleor": ("sql", True),
    }


def test_vendure_s_coupons_by_sql_can_be_taken_out_of_their_comments(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PRESETS / "vendure", tmp_path / "vendure"))
    store_presets.take_sql_coupons(folder / "influence.toml")
    coupons = config(folder).coupons
    assert coupons is not None
    assert (coupons.writer, coupons.case_sensitive) == ("sql", False)
    assert (folder / str(coupons.lookup)).exists()


def test_every_file_of_a_preset_is_named_by_it_or_by_its_comments(folder: Path) -> None:
    text = (folder / "influence.toml").read_text(encoding="utf-8")
    files = {file.name for file in folder.iterdir() if file.suffix == ".sql"}
    assert {name for name in files if f'"{name}"' not in text} == set()

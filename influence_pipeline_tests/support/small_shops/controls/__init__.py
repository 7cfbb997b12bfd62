"""Broken presets: each without one rule that is hard about its store, and the records that are then
told wrongly (`ALL`), or without one table as a source, and the write that no tick finds (`SOURCES`)."""

from __future__ import annotations

from influence_pipeline_tests.support.small_shops.controls import medusa, saleor, vendure
from influence_pipeline_tests.support.small_shops.controls.control import Control

__all__ = ["ALL", "SOURCES", "Control"]

_STORES = (("medusa", medusa), ("vendure", vendure), ("saleor", saleor))
ALL = [(store, each) for store, module in _STORES for each in module.RULES]
SOURCES = [(store, each) for store, module in _STORES for each in module.SOURCES]

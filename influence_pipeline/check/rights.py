"""Filled in below."""

from influence_pipeline.check.finding import Check

CHECKS: tuple[Check, ...] = ()

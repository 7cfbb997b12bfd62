"""The jobs: which assets run together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from influence_pipeline import __version__
from influence_pipeline.assets.by_hand import SyncByHand, make_step
from influence_pipeline.assets.changes import CaptureConfig
from influence_pipeline.assets.coupons import COUPONS
from influence_pipeline.assets.influence import REWARDS
from influence_pipeline.assets.kinds import KINDS
from influence_pipeline.assets.members import MEMBERS
from influence_pipeline.assets.names import Names

if TYPE_CHECKING:
    # What define_asset_job gives; Dagster has no public name for it.
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

INCREMENTAL_SYNC = "incremental_sync"
FULL_COMPARE = "full_compare"
WORK_OFF_WEBHOOKS = "work_off_webhooks"
RECONCILE_MEMBERS = "reconcile_members"
SYNC_BY_HAND = "sync_by_hand"

_SYNCED = [
    *(kind.changes for kind in KINDS),
    *(kind.delivered for kind in KINDS),
    REWARDS,
]


def _captures(names: Names, *, full: bool) -> dg.RunConfig:
    """Say `full` for each capture, so that the launchpad shows what can be chosen."""
    return dg.RunConfig(ops={names.step(kind.changes): CaptureConfig(full=full) for kind in KINDS})


def _tags(names: Names) -> dict[str, str]:
    """What runs of a sync are found by: their lane, and the version that ran."""
    return {**names.live, "influence/version": __version__}


def make_job_by_hand(names: Names) -> dg.JobDefinition:
    """Make a store's job for a person: one step, one form."""
    step = make_step(names)

    @dg.job(
        name=names.name(SYNC_BY_HAND),
        tags=_tags(names),
        config=dg.RunConfig(ops={step.name: SyncByHand()}),
        description=(
            "For a person: sync all or one of customers, products and orders now, with what the "
            "launchpad offers. Unchanged it does what incremental_sync does; it waits in the queue "
            "while one of the scheduled syncs is at work."
        ),
    )
    def sync_by_hand() -> None:
        step()

    return sync_by_hand


def make_jobs(names: Names) -> list[UnresolvedAssetJobDefinition]:
    """Make the jobs of a store."""
    synced = [names.key(asset) for asset in _SYNCED]
    return [
        dg.define_asset_job(
            names.name(INCREMENTAL_SYNC),
            selection=synced,
            config=_captures(names, full=False),
            tags=_tags(names),
            description=(
                "Find what changed in the store since the last run and send it: customers and "
                "products, then orders, then used rewards. Running it twice sends nothing."
            ),
        ),
        dg.define_asset_job(
            names.name(FULL_COMPARE),
            selection=synced,
            config=_captures(names, full=True),
            tags=_tags(names),
            description=(
                "As incremental_sync, but every record of the store is compared: it finds deletes "
                "and whatever a look at changed rows cannot see."
            ),
        ),
        dg.define_asset_job(
            names.name(WORK_OFF_WEBHOOKS),
            selection=[names.key(COUPONS)],
            tags=names.tags,
            description="Work off every stored webhook that is due, until the inbox is empty.",
        ),
        dg.define_asset_job(
            names.name(RECONCILE_MEMBERS),
            selection=[names.key(MEMBERS)],
            tags=names.tags,
            description=(
                "Ask Influence for its members and look whether their balances add up: finds "
                "redemptions whose webhook never came. Changes nothing at Influence."
            ),
        ),
    ]

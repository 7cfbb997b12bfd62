"""How everything that Dagster shows is named, for one store or for one of several.

A code location with one store has plain names. With several, each store has a `Names` of its own,
so that nothing is shared: not a pool (its pace), not a lane (its one live run), not a resource.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dagster as dg

STORE_TAG = "influence/store"


@dataclass(frozen=True)
class Names:
    """The names for one store. `store` None: it is the only one."""

    store: str | None = None

    def key(self, asset: str) -> dg.AssetKey:
        """The key of an asset: customers, or berlin/customers."""
        return dg.AssetKey([asset] if self.store is None else [self.store, asset])

    def step(self, asset: str) -> str:
        """What Dagster calls the asset's step, under which its run config stands."""
        return self.key(asset).to_python_identifier()

    def name(self, plain: str) -> str:
        """The name of a job, schedule, sensor or group: full_compare, or berlin_full_compare."""
        return plain if self.store is None else f"{self.store}_{plain}"

    def has(self, step: str) -> bool:
        """Whether a step is of this store."""
        return self.store is None or step.rpartition("__")[0] == self.store

    @property
    def pool(self) -> str:
        """Where deliveries wait for each other; see assets.influence."""
        return "influence_api" if self.store is None else f"influence_api_{self.store}"

    @property
    def live(self) -> dict[str, str]:
        """The tags of a run of which a store has one at a time; deploy/dagster.yaml holds it so."""
        lane = "live" if self.store is None else f"live_{self.store}"
        return {"influence/lane": lane, **self.tags}

    @property
    def tags(self) -> dict[str, str]:
        """What tells a store's assets and runs from another's in a search."""
        return {} if self.store is None else {STORE_TAG: self.store}

    @property
    def resource(self) -> str:
        """Under which key the store's `EngineResource` is given."""
        return "engines" if self.store is None else f"engines_{self.store}"

    def engines(self, context: Any) -> Any:
        """Give the store's `EngineResource` out of what a step or a tick was given."""
        return getattr(context.resources, self.resource)


ONE_STORE = Names()

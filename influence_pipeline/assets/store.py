"""The store's records, as the mapping reads them: external assets, counted by full compares."""

from __future__ import annotations

import dagster as dg

from influence_pipeline.assets.kinds import KINDS, Kind
from influence_pipeline.assets.names import Names

GROUP = "store"


def _spec(names: Names, kind: Kind) -> dg.AssetSpec:
    return dg.AssetSpec(
        names.key(kind.in_store),
        group_name=names.name(GROUP),
        kinds={"postgres"},
        description=(
            f"{kind.what}\n\nWhat the mapping's SELECT for {kind.entity.plural} gives. The store "
            f"is only read. Its row count is noted by `{kind.changes}` whenever everything was "
            "compared: at the first sync, once a day, and after a change of the mapping."
        ),
    )


def store_assets(names: Names) -> list[dg.AssetSpec]:
    """Make the three external assets."""
    return [_spec(names, kind) for kind in KINDS]

"""What stands in the place of stores that the list (INFLUENCE_STORES) does not let be named.

The code location loads whatever the list holds. What is wrong with it is an asset's description, so
that it is seen among the others, and its run's failure; the sensor in `automation` tells it.
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

STORE_LIST = "influence_stores"


def list_asset(problems: Sequence[str]) -> dg.AssetsDefinition:
    """Make the asset that says what is wrong with the list."""
    words = " ".join(problems)

    @dg.asset(
        name=STORE_LIST,
        group_name=STORE_LIST,
        kinds={"toml"},
        description=(
            f"**The list of stores must be mended.** {words}\n\nStores that are not shown here do "
            "not run. Mend the list, look with `influence-pipeline stores`, and reload the code "
            "location."
        ),
    )
    def influence_stores() -> None:
        raise dg.Failure(description=words, allow_retries=False)

    return influence_stores

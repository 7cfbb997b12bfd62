"""Every setting, its default and the reason for it: the environment and one influence.toml.

Where and who (URLs, keys) comes from the environment; how comes from the file. `load_settings`
reads both and connects to nothing. What each command needs is asked for with `require`, so that a
receiver runs without a store URL.

    environment   the variables INFLUENCE_…
    stores        the list of stores, where there are several
    apart         whether two stores of it share what must not be shared
    file          the whole of influence.toml, from entities, traffic, rewards, running, api_names
    versions      what becomes of a file of another version
    loading       reading both; Settings
    toml_file     reading a TOML file
    places        the line on which a key stands
    refusal       the words about what does not fit
    schema        the JSON Schema that editors complete influence.toml with
"""

from influence_pipeline.settings.api_names import ApiNames
from influence_pipeline.settings.entities import EntityMapping, OrderMapping, Source
from influence_pipeline.settings.environment import (
    PUBLIC_API,
    Environment,
    Shared,
    read_choice,
    read_environment,
    read_shared,
)
from influence_pipeline.settings.file import Config
from influence_pipeline.settings.loading import (
    DEFAULT_FILE,
    Settings,
    chosen_store,
    load_settings,
)
from influence_pipeline.settings.places import place_of
from influence_pipeline.settings.rewards import Caps, CouponKind, Coupons, Reward
from influence_pipeline.settings.running import (
    Check,
    DagsterFace,
    Members,
    Retention,
    Schedule,
    Watch,
    Webhooks,
)
from influence_pipeline.settings.stores import Store, Stores, known_variables, read_stores, said
from influence_pipeline.settings.traffic import Capture, Delivery

__all__ = [
    "DEFAULT_FILE",
    "PUBLIC_API",
    "ApiNames",
    "Caps",
    "Capture",
    "Check",
    "Config",
    "CouponKind",
    "Coupons",
    "DagsterFace",
    "Delivery",
    "EntityMapping",
    "Environment",
    "Members",
    "OrderMapping",
    "Retention",
    "Reward",
    "Schedule",
    "Settings",
    "Shared",
    "Source",
    "Store",
    "Stores",
    "Watch",
    "Webhooks",
    "chosen_store",
    "known_variables",
    "load_settings",
    "place_of",
    "read_choice",
    "read_environment",
    "read_shared",
    "read_stores",
    "said",
]

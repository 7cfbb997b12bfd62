"""Every setting, its default and the reason for it: the environment and one influence.toml.

Where and who (URLs, keys) comes from the environment; how comes from the file. `load_settings`
reads both and connects to nothing. What each command needs is asked for with `require`, so that a
receiver runs without a store URL.

    environment   the variables INFLUENCE_…
    file          the whole of influence.toml, from entities, traffic, rewards, running, api_names
    versions      what becomes of a file of another version
    loading       reading both; Settings
    places        the line on which a key stands
    refusal       the words about what does not fit
    schema        the JSON Schema that editors complete influence.toml with
"""

from influence_pipeline.settings.api_names import ApiNames
from influence_pipeline.settings.entities import EntityMapping, OrderMapping, Source
from influence_pipeline.settings.environment import PUBLIC_API, Environment
from influence_pipeline.settings.file import Config
from influence_pipeline.settings.loading import DEFAULT_FILE, Settings, load_settings
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
    "Source",
    "Watch",
    "Webhooks",
    "load_settings",
    "place_of",
]

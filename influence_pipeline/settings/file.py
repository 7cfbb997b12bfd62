"""The whole of influence.toml, version 1, as it is used."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from influence_pipeline.records import Entity
from influence_pipeline.settings.api_names import ApiNames
from influence_pipeline.settings.entities import EntityMapping, OrderMapping
from influence_pipeline.settings.rewards import Coupons, Reward
from influence_pipeline.settings.running import (
    Check,
    DagsterFace,
    Members,
    Retention,
    Schedule,
    Watch,
    Webhooks,
)
from influence_pipeline.settings.section import Section
from influence_pipeline.settings.traffic import Capture, Delivery


class Config(Section):
    """How a store is told to Influence: what is read, what is sent, how coupons come back."""

    version: Literal[1]
    """Format of this file. An older one is read, a newer one is refused (`settings.versions`)."""
    state_schema: str = Field(default="influence", pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    """Postgres schema of the pipeline's own tables. Two pipelines may share one state database
    under two names."""
    store_statement_timeout_seconds: int = Field(default=30, ge=1)
    """One statement in the store never runs longer than this; what would is asked for in parts."""
    customers: EntityMapping
    """Whoever may be a member."""
    products: EntityMapping
    """What is sold, with its variants."""
    orders: OrderMapping
    """What was bought: points follow an order's financial status."""
    capture: Capture = Capture()
    """How changes are looked for."""
    delivery: Delivery = Delivery()
    """How calls are made."""
    coupons: Coupons | None = None
    """How a coupon is written into the store. Without it none is made; events that ask for one
    wait."""
    members: Members = Members()
    """Members' balances, and what the store is told of them."""
    rewards: dict[str, Reward] = {}
    """What each of Influence's redeem rules is worth, by its id: [rewards."<rule id>"]. Where an
    event says itself what the reward is worth, that goes before."""
    webhooks: Webhooks = Webhooks()
    """How stored events are worked off."""
    retention: Retention = Retention()
    """How long history is kept."""
    check: Check = Check()
    """What `influence-pipeline check` lets pass."""
    schedule: Schedule = Schedule()
    """When Dagster starts what."""
    watch: Watch = Watch()
    """When Dagster's checks warn or fail."""
    dagster: DagsterFace = DagsterFace()
    """How Dagster shows the pipeline."""
    api_names: ApiNames = ApiNames()
    """What your account calls things in the API's bodies."""

    def mapping(self, entity: Entity) -> EntityMapping:
        return {
            Entity.CUSTOMER: self.customers,
            Entity.PRODUCT: self.products,
            Entity.ORDER: self.orders,
        }[entity]

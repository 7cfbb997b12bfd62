"""The sample store: a small shop on Postgres, with the traps of real ones, for demo and tests.

`store` makes and fills it, `changes` is what happens in it day by day, `checkout` is a customer
buying, `poison` writes rows that no pipeline can map. The SQL lies in `changes/`, a file for each.
Nothing here knows the pipeline.
"""

from influence_pipeline.sandbox.sample_store.changes import (
    add_customers,
    cancel_order,
    capture_payment,
    refund_order,
    remove_variant,
    rename_customer,
    soft_delete_customer,
)
from influence_pipeline.sandbox.sample_store.checkout import (
    CodeRefused,
    Item,
    place_order,
    place_order_with_code,
)
from influence_pipeline.sandbox.sample_store.statements import (
    Place,
    SampleStoreError,
    Touched,
)
from influence_pipeline.sandbox.sample_store.store import RoleUrls, create, create_roles, seed

__all__ = [
    "CodeRefused",
    "Item",
    "Place",
    "RoleUrls",
    "SampleStoreError",
    "Touched",
    "add_customers",
    "cancel_order",
    "capture_payment",
    "create",
    "create_roles",
    "place_order",
    "place_order_with_code",
    "refund_order",
    "remove_variant",
    "rename_customer",
    "seed",
    "soft_delete_customer",
]

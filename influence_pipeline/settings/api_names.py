"""[api_names]: what the API's bodies call things, where it is not what this project guesses."""

from __future__ import annotations

from typing import Literal

from influence_pipeline.settings.section import Section


class ApiNames(Section):
    """Names the contract could not find, as this project guesses them; change one here if it is
    called otherwise in your account. Written as `<entity> = { our_name = "theirName" }`."""

    customer: dict[str, str] = {}
    """Names in the body of a customer."""
    product: dict[str, str] = {}
    """Names in the body of a product."""
    variant: dict[str, str] = {}
    """Names in each variant of a product."""
    order: dict[str, str] = {}
    """Names in the body of an order."""
    line_item: dict[str, str] = {}
    """Names in each line of an order."""
    discount_code: dict[str, str] = {}
    """Names in each discount code of an order."""
    variants_body: Literal["wrapped", "bare"] = "wrapped"
    """The list of variants: under the key `variants` (wrapped), or the bare list."""

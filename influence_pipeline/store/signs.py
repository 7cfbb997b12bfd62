"""What tells the stores of the presets apart: tables and columns, as each preset reads them.

`own`: what no other store has; it is enough to recognise one, of whatever version. `parts`: what
the preset reads; a store of another version is told which of it is missing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Signs:
    """`orders`: the name of the table of orders. `newest`: the newest migration of the version that
    the preset was tried with, where the store keeps a list of them."""

    preset: str
    name: str
    tried: str
    orders: str
    own: tuple[str, ...]
    parts: tuple[str, ...]
    newest: str | None = None
    may_lack_parts: bool = True


def _parts(tables: str) -> tuple[str, ...]:
    """A line a table: its name, and the columns that are read."""
    parts: list[str] = []
    for line in tables.strip().splitlines():
        table, *columns = line.split()
        parts += [table, *(f"{table}.{column}" for column in columns)]
    return tuple(dict.fromkeys(parts))


_MEDUSA = Signs(
    preset="medusa",
    name="Medusa",
    tried="2.21.2",
    orders="order",
    newest="Migration20260911115931",
    own=("order.display_id", "customer.has_account", "product_variant.product_id"),
    parts=_parts("""
        customer id email first_name last_name phone has_account created_at deleted_at
        product id title handle status thumbnail created_at deleted_at
        product_variant id product_id title sku variant_rank deleted_at
        order id display_id customer_id email currency_code version status is_draft_order deleted_at
        order_item id order_id version item_id quantity unit_price deleted_at
        order_line_item id title product_id variant_id unit_price
        order_summary id order_id version totals deleted_at
        order_payment_collection order_id payment_collection_id deleted_at
        payment_collection id status amount authorized_amount captured_amount refunded_amount
        order_line_item_adjustment id item_id code amount version deleted_at
        order_shipping order_id version shipping_method_id deleted_at
        order_shipping_method_adjustment shipping_method_id code amount version deleted_at
        order_promotion order_id promotion_id deleted_at
        promotion id code status type limit used deleted_at
    """),
)
_VENDURE = Signs(
    preset="vendure",
    name="Vendure",
    tried="3.7.3",
    orders="order",
    own=("order.orderPlacedAt", "order.couponCodes", "product_variant.productId"),
    parts=_parts("""
        customer id emailAddress firstName lastName phoneNumber userId createdAt deletedAt
        product id enabled featuredAssetId createdAt deletedAt
        product_translation id baseId languageCode name slug
        product_variant id productId sku enabled deletedAt
        product_variant_translation id baseId languageCode name
        product_channels_channel productId channelId
        product_variant_channels_channel productVariantId channelId
        channel id code token defaultCurrencyCode defaultLanguageCode
        asset id preview
        order id code state active type customerId currencyCode subTotalWithTax shippingWithTax
        order orderPlacedAt couponCodes
        order_line id orderId productVariantId quantity orderPlacedQuantity listPrice adjustments
        payment id orderId state amount
        refund id paymentId state total
        promotion id couponCode usageLimit perCustomerUsageLimit enabled deletedAt
        order_promotions_promotion orderId promotionId
    """),
)
_SALEOR = Signs(
    preset="saleor",
    name="Saleor",
    tried="3.23.28",
    orders="order_order",
    newest="0227_orderline_price_override_reason",
    own=("order_order.user_email", "order_orderline.order_id", "product_productvariant.product_id"),
    parts=_parts("""
        account_user id email first_name last_name is_staff date_joined default_billing_address_id
        account_address id phone
        channel_channel id slug is_active currency_code
        product_product id name slug created_at
        product_productvariant id product_id sku name sort_order
        product_productchannellisting product_id channel_id is_published
        product_productmedia id product_id image external_url type sort_order
        product_variantmedia id variant_id media_id
        order_order id number user_id user_email currency total_gross_amount status created_at
        order_order charge_status authorize_status voucher_code total_authorized_amount
        order_orderline id order_id variant_id quantity unit_price_gross_amount product_name
        payment_transactionitem id order_id charged_value authorized_value refunded_value
        payment_payment id order_id captured_amount charge_status is_active
        discount_orderlinediscount id line_id voucher_code
        discount_voucher id usage_limit single_use
        discount_vouchercode id code used is_active voucher_id
        discount_voucherchannellisting id voucher_id channel_id
    """),
)
# Many shops have tables of these names, so it is this one only where nothing at all is missing.
_PLAIN = Signs(
    preset="plain",
    name="the sample store",
    tried="this one",
    orders="orders",
    own=("customers.is_guest", "orders.placed_at", "order_discounts.code"),
    parts=_parts("""
        customers id email first_name last_name phone birthday is_guest created_at deleted_at
        products id title handle status thumbnail created_at deleted_at
        product_variants id product_id sku title image position
        orders id number customer_id email currency_code status subtotal total placed_at
        order_lines id order_id product_id variant_id title quantity unit_price
        payments id order_id status amount
        refunds id payment_id amount
        order_discounts order_id code amount
        discount_codes code kind value product_ids currency customer_id minimum_spend usage_limit
    """),
    may_lack_parts=False,
)

SIGNS = (_MEDUSA, _VENDURE, _SALEOR, _PLAIN)

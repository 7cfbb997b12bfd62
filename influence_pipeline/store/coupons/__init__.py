"""Coupons in the store: look one up by its code, create it. The only door through which the
pipeline writes into a store.

`interface` says what a coupon is and what every way of making one offers; `sql` runs the merchant's
statements, `table` fills a plain table of codes, `medusa`, `vendure` and `saleor` ask a shop's own
admin API (by `admin_api`), and `choice` picks one by the settings. When a coupon is made, for whom
and what it is worth is decided in `webhooks`.
"""

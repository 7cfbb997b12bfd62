"""Webhooks in, coupons out: the receiver, the inbox, and what each stored event brings about.

`receiver` stores; `handlers` works off. Between them stands only the inbox, so either may be down.
Knows the store's coupons, the Platform API's single calls and the state; no Dagster.
"""

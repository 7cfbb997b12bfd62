"""Webhooks in, coupons out: from the receiver to the store, on real Postgres and real HTTP."""

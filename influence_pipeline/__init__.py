"""Reverse ETL from a Postgres store to the Influence.io Platform API, and loyalty coupons back."""

__version__ = "0.1.0"

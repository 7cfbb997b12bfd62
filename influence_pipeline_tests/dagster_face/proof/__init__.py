"""The proof of Dagster's side of coupons: a real daemon and a real code server, killed and shaken.

The judge looks into the store and nowhere else. A small test runs with the ordinary ones; `make
proof` runs the large one and its control.
"""

"""`influence-pipeline check`: the whole configuration held against the live store, state and API.

Each module looks at one part and lists its checks in `CHECKS`; `runner` knows their order. They
only read, but for one thing: a coupon that is made to see whether it can be, and taken back before
it is committed (`coupons`). Nothing is sent to the API but GETs.
"""

"""A mapping to start from, for a store that no preset knows: made from what its catalog says and
from a bounded look at its rows. What is written holds names, types and counts, and nobody's data.

    words        what tables and columns are called, in the dialects and languages of shops
    links        which row belongs to which, with and without foreign keys
    key_values   several kinds of things in one table; tables of keys and values
    roles        which table is that of the customers, the orders, …
    structure    what keys and values say for a part, or against it, beside the words
    samples      what values look like
    columns      which column holds what
    statuses     what a store's words for an order's state may mean
    kinds        what its words for the kind of a payment may mean
    findings     all of that together
    buyers, lines, codes, money (with movements, history)    what an order is made of
    customers, products, orders, coupons    the files
"""

from influence_pipeline.store.draft.files import Draft, draft
from influence_pipeline.store.draft.findings import Wishes

__all__ = ["Draft", "Wishes", "draft"]

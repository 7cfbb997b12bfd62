"""Erasing one customer from the state, for good: what is found, and what is done."""

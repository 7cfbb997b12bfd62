"""A dump of the state as each released schema had it, with data that its own program wrote.

`make.py` makes one, `story.py` is what happens in it; `state.test_upgrades` opens them all.
"""

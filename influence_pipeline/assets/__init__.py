"""The assets: thin calls of the engine that report what happened.

One module per group: `store` (what is read), `changes` (what was found), `influence` (what was
sent), `first_import` (the same by month), `coupons` (what came back). What they report is made in
`reporting`. No asset returns rows, and none knows how a thing is done.
"""

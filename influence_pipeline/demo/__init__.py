"""The demo: the whole loop on one machine, on an embedded Postgres and the sandbox Platform API.

`stage` starts and stops what the story needs, `story` is what happens, `report` is what is shown at
the end. The judge is `sandbox.judge`. Knows Dagster only as a program that it starts.
"""

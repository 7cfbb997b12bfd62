"""Dagster's UI as a person sees it: a real Chromium before a real `dagster dev` with the demo data.

`make browser` runs these tests. `chromium` finds the browser, `pages` knows where things are on
Dagster's pages, `watch` sees what goes wrong behind them, `conftest` starts the stage.
"""

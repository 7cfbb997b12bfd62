"""A stand-in for Influence.io's Platform API, run as a process of its own.

Here belongs what a merchant's developers use as their sandbox: the contract's endpoints, a points
ledger on disk, webhooks, and switches and faults for what the contract leaves open. Nothing here
knows how the pipeline works (it must not import the engine), so its ledger can judge the pipeline.

    settings  what a sandbox is started with      server    the process: socket, signals, ready line
    switches  how it answers open questions       app       the FastAPI application
    faults    what goes wrong, and how often      gate      key, limits, faults and log of each call
    rules     points, rewards, tiers              contract_api, control_api, page   the endpoints
    ledger    the SQLite file                     customers, orders, points ...     what calls do

Start it with `server.serve(SandboxSettings(...))`.
"""

"""Stand-ins for development, the demo and the tests: a Platform API, a store, an embedded Postgres.

Nothing in production imports this package. Only the command line, the demo and the tests do.
"""

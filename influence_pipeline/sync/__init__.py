"""The engine: what differs between store and API (capture), and sending it (deliver).

`engine` is the door for Dagster and the command line. Knows the store and the API through their
readers and transports; knows nothing of Dagster.
"""

"""Other ways to make the same calls, each run as a process of its own that prints one line of JSON:
`began` and `ended` (seconds since 1970), `records`, `cpu_seconds`."""

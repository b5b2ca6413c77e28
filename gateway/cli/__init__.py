"""The `souk` command: a client of the HTTP API, and of what it exports."""

"""The `souk` command: runs the whole platform locally, and uses its HTTP API."""

"""The `souk` command: runs the whole platform on this machine, and uses its HTTP API."""

"""The `souk` command: runs the whole platform on this machine, and works it through its HTTP API."""

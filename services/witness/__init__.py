"""A witness of the audit log: what it has seen once, nobody makes it forget."""

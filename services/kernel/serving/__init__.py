"""Runs a service: the server, the interceptor around every RPC, and migrations."""

"""A connection and a request before any route: parsing, bounds, CORS, log, fair queue, draining."""

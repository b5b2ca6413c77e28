"""The public HTTP API: resolves the tenant and the caller of each request.

It holds no business rules; it translates between Medusa's conventions and the services.
"""

"""Tenants, their domains and API keys; refusals by the gateway, in their logs."""

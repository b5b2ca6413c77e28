"""Roles: their definitions, who holds them, who may give them, and what they allow where."""

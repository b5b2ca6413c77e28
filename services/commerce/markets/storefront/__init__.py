"""Regions as their shoppers see them."""

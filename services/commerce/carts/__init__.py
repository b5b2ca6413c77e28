"""Carts: what a shopper gathers, until it is an order."""

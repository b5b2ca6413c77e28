"""Promotions and campaigns: what staff set up, what a cart is given, and what orders have used."""

"""What a cart costs: promotions, taxes, shipping and totals, as rules without I/O.

All amounts are integers of the currency's smallest unit.
"""

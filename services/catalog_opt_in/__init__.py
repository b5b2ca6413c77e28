"""Owns the master catalogue, and what each tenant has chosen to sell out of it.

The head office writes products, collections and categories. A tenant opts in to a product by a
listing. What its storefront shows is stored as a finished document: one for each market, and with
the listing where it has prices of its own.
"""

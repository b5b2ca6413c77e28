"""Owns the master catalogue, and what each tenant has chosen to sell out of it.

The head office writes products, collections and categories. A tenant opts in to a product by a
listing, which carries all that its storefront shows of it: one row, with the finished document.
"""

"""Owns what shoppers buy: regions, customers, carts, stock, promotions, payments and orders."""

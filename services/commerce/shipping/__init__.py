"""How carts are shipped: profiles of goods, where to, by which options, and at which price."""

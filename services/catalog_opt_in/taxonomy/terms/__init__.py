"""Terms that products share and shoppers filter by: tags and product types."""

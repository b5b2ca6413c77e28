"""How shoppers find products: collections, the tree of categories, tags and types."""

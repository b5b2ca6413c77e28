"""How shoppers find products: collections, the category tree, tags and types."""

"""A product's variants and options, read and changed by themselves."""

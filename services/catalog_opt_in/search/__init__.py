"""Search: the words of products, and which of them a query means."""

"""Search: words, slips, and what a query means."""

"""What was done, provably: audit leaves and their delivery, refusals, Merkle trees, notes."""

"""Benchmarks: `make bench`. They print ratios to a floor that is measured in the same run."""

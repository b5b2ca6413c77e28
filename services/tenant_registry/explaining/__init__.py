"""Explanations: who may do something somewhere, why, and why not."""

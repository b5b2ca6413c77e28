"""Answers what shoppers read from memory, in front of the routes, and never out of date.

Versions of catalogues are asked for, again and again, while somebody reads. An answer is served
only under a version that was asked for less than a second ago.
"""

from gateway.hot.layer import Hot, HotLayer

__all__ = ["Hot", "HotLayer"]

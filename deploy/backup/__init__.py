"""Base backups and the write-ahead log of the PostgreSQL cluster, and how to restore them.

PostgreSQL's own tools copy, receive and verify. This package stores what they give, compressed and
encrypted, and checks a restored cluster before it takes the place of the old one.
"""

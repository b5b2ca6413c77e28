"""A service's database: sessions behind two walls, tables, pages, repeats and updates."""

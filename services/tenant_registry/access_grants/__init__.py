"""Access grants: how an admin whose role counts everywhere looks into one tenant's shop."""

"""Access grants: how somebody whose role counts everywhere looks into one tenant's shop."""

"""Keys with which machines and storefronts come to one tenant."""

"""API keys that give machines and storefronts access to one tenant."""

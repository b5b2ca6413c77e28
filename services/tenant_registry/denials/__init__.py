"""What the gateway itself refused."""

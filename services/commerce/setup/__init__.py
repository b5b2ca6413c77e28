"""What a tenant's staff has set up for carts."""

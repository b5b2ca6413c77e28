"""Login at an identity provider, and the roles that its claims give."""

"""Sessions: begun by a login, extended by refresh tokens, ended by a logout and other acts."""

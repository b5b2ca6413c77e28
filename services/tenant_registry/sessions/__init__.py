"""Sessions: begun by a login, kept by refresh tokens, ended by a logout and by much else."""

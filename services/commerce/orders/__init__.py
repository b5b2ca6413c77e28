"""Orders: what was bought, and how it is paid."""

"""The audit log: what was done in every service, by whom and to what; never changed."""

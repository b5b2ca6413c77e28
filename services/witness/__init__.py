"""A witness of the audit log, which never forgets what it has seen."""

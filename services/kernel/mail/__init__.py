"""Mail, as every service sends it."""

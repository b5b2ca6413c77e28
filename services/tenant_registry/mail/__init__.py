"""Mail to admins: what is said, and the ways in which it leaves."""

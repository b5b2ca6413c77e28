"""Mail to admins: its texts, and how it is sent."""

"""Access: admins, their roles at tenants and at the platform, and their sessions."""

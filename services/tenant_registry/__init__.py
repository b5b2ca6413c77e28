"""Which tenants there are, on which hosts; who the admins are, and what they may do where."""

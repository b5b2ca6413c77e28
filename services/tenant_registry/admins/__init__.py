"""Admins: who they are; what they may do is the business of roles."""

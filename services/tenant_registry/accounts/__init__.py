"""Admins, how they prove who they are, their sessions, and mail to them."""

"""Admins: who they are; roles define what they may do."""

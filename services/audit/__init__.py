"""What was done in every service, by whom and to what: taken in once, never changed."""

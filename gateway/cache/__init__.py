"""What several caches share: one flight per missing entry, and the Redis client."""

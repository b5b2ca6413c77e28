"""Who asks, and what they may do: sessions, API keys, access facts, and the scope of a request."""

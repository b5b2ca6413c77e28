"""What puts Souk on machines: a manifest of its processes, databases, secrets, a local runner."""

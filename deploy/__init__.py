"""What puts Souk on machines: the manifest of processes, databases and roles, secrets, the local runner."""

"""A call between processes: its scope and credentials, its errors, and the client's side."""

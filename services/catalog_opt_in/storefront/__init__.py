"""What shoppers see of one tenant; read-only."""

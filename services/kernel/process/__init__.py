"""What a process starts from: its settings, secret files, signing keys and logs."""

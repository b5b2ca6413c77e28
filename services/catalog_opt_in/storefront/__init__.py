"""What a shopper sees of one tenant; it only reads."""

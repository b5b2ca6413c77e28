"""What commerce tells the outside world: each notice is written with the act that it is about."""

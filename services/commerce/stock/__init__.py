"""What a tenant has to sell: locations, how many of each variant are there, and for whom."""

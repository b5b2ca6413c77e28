"""What shoppers read: `/store/*`, each tenant's own."""

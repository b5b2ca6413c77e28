"""What every process needs to run: scope, database, gRPC, errors, audit leaf. No commerce."""

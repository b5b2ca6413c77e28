"""What every process of Souk needs to run: scope, database, gRPC, errors, audit leaf. It knows no commerce."""

"""The parts every process needs: scope, database, gRPC, errors, audit leaf. No commerce."""

"""The parts every process needs: scope, database, gRPC, errors, audit leaf. It knows no shop."""

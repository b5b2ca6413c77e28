"""The pictures that tenants upload: their records, not their bytes."""

"""Where a tenant sells: regions with their countries, currency and taxes."""

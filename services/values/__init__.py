"""Values of commerce that several processes share: money, hosts, API keys. No I/O."""

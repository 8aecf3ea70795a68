"""Settings and endpoints: which region, which host."""

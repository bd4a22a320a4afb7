"""Access tokens for probes: OAuth 2.0 client credentials."""

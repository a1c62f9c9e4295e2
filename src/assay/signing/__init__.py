"""Signing: keys, DSSE envelopes, OpenSSF Model Signing bundles, the server's keys and trust root."""

"""Registry protocols: each translates one client family's requests, and decides nothing."""

"""The console: the same releases, evidence and decisions, for people with a browser."""

"""Releases: what is served, to whom, and who said so."""

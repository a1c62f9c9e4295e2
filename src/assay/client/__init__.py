"""Speaks the server's API for the command line and for scripts."""

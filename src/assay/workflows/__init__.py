"""Workflows: taking releases in, deciding again, and what keeps rows, bytes and log in order."""

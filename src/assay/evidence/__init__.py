"""The evidence of a release in one file, and checking it with no server."""

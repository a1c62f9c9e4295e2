"""One scanner per format or family, each with its rules beside it."""

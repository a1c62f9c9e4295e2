"""Scanning: finds hidden code and broken containers in model files, without loading any of them."""

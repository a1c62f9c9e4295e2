"""Bytes by digest: content-addressed, written once, checked before any of them is given out."""

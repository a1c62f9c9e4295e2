"""Small writers of file formats: what they write is exact down to the byte, broken on request."""

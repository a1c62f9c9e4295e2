"""Values every part shares. Imports the standard library, cryptography, rfc8785 and blake3 only."""

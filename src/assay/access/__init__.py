"""Who is asking and what they may do: principals, tokens, sessions, roles by Cedar."""

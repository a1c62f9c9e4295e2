"""The JSON interface under /api/v1, and the application that holds every HTTP entry."""

"""What every HTTP entry shares: guard, bearer, ranges, byte answers. Decides nothing itself."""

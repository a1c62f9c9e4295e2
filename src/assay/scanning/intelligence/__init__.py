"""What is known from elsewhere: loaders with holes, bad digests and names, others' verdicts."""

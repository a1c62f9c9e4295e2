"""One module per family; each has `units(rng)` and yields hostile and honest units."""

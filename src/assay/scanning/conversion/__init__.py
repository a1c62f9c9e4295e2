"""Tensors out of a pickle without unpickling it, for a file that can hold nothing else."""

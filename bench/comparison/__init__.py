"""Assay and its peers on one labelled corpus, side by side."""

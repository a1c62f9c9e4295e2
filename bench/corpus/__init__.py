"""The project's own labelled corpus of model files: hostile units and their honest twins."""

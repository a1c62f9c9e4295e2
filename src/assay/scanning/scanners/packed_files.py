"""Archives that are a model of some library and hold nothing but files of other formats.

NumPy's `.npz`, NVIDIA NeMo's `.nemo`, TorchServe's `.mar`: their loaders unpack them and read
each member as the file it is, so that each is judged as one.
"""

from __future__ import annotations

from assay.scanning.archives.contents import Contents


def scan_archive(contents: Contents) -> None:
    """Have every member judged by its content."""
    for item in contents.items:
        contents.judge(item)

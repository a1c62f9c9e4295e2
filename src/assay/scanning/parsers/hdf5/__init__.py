"""HDF5 read where it lies, without the library: its tree, and where values are kept.

Written from the HDF Group's "HDF5 File Format Specification Version 3.0". It reads what
leads to other bytes and files; it decodes no numbers. Every structure is bounded, and a
link back to an earlier object is followed once.
"""

from assay.scanning.parsers.hdf5.attributes import Attribute, attribute_values, values
from assay.scanning.parsers.hdf5.chunks import Chunk, chunks
from assay.scanning.parsers.hdf5.cursor import BudgetError, Cursor, Hdf5Error
from assay.scanning.parsers.hdf5.datasets import Filter, Layout, Outside
from assay.scanning.parsers.hdf5.datatypes import Class, Datatype
from assay.scanning.parsers.hdf5.file import File, Node
from assay.scanning.parsers.hdf5.links import Link, LinkKind
from assay.scanning.parsers.hdf5.superblock import SIGNATURE, Superblock, start_of

__all__ = [
    "SIGNATURE",
    "Attribute",
    "BudgetError",
    "Chunk",
    "Class",
    "Cursor",
    "Datatype",
    "File",
    "Filter",
    "Hdf5Error",
    "Layout",
    "Link",
    "LinkKind",
    "Node",
    "Outside",
    "Superblock",
    "attribute_values",
    "chunks",
    "start_of",
    "values",
]

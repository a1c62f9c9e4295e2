"""The rules of HDF5 files."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.references import DISAGREEMENT, DO_NOT_LOAD, HIDDEN_CODE, LOADS_CODE, TRAVERSAL
from assay.scanning.rules import Rule, table

TITLE = "HDF5"
RULES = table(
    (
        Rule(
            "hdf5.external-link",
            "A link into another file",
            Severity.HIGH,
            Confidence.HIGH,
            "The library opens the file that is named as soon as the link is followed, as loaders "
            "of weights do. What it holds becomes part of the model.",
            DO_NOT_LOAD,
            TRAVERSAL,
        ),
        Rule(
            "hdf5.external-storage",
            "Values in another file",
            Severity.HIGH,
            Confidence.HIGH,
            "A dataset's values are the bytes of other files, which are read as they are. Any "
            "file of the machine that loads the model can be named.",
            DO_NOT_LOAD,
            TRAVERSAL,
        ),
        Rule(
            "hdf5.virtual-dataset",
            "A dataset made of other files",
            Severity.HIGH,
            Confidence.HIGH,
            "A dataset is put together from datasets in other files, which are opened when it is "
            "read.",
            DO_NOT_LOAD,
            TRAVERSAL,
        ),
        Rule(
            "hdf5.plugin",
            "Needs a plug-in library",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A filter or link has a number that is not registered. The library looks for a native "
            "plug-in to handle it.",
            "Find out which plug-in it is, and who wrote it.",
            LOADS_CODE,
        ),
        Rule(
            "hdf5.user-block",
            "Something else before the data",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The format leaves room at the beginning for other programs. What is there is not "
            "read by the library, and is read by others.",
            "Ask the publisher what it is for.",
            DISAGREEMENT,
        ),
        Rule(
            "hdf5.trailing-data",
            "Bytes behind the end of the data",
            Severity.LOW,
            Confidence.MEDIUM,
            "The file goes on behind the end its header names. The library ignores what is there.",
            "Ask the publisher what it is for.",
            HIDDEN_CODE,
        ),
        Rule(
            "hdf5.pickle",
            "A pickle in an attribute or array",
            Severity.LOW,
            Confidence.HIGH,
            "PyTables, and pandas through it, keep Python objects as pickles and load them when "
            "the file is read. This one imports nothing dangerous.",
            "Read the file with h5py, or ask for it without object columns.",
            LOADS_CODE,
        ),
    )
)

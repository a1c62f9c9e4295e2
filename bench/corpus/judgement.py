"""Hostile units for which a neutral judge asks only that a person looks, and why.

The unit may be honest in other hands, or is broken as a cut download is broken: a scanner that
answers `suspicious` or `unknown` has done its work, one that answers `clean` has not.
"""

from __future__ import annotations

from dataclasses import replace

from bench.corpus.unit import Unit

SUSPICIOUS: dict[str, str] = {
    "llamafile/program/plain": "a real llamafile is a program by design",
    "llamafile/program/windows-name": "a real llamafile is a program by design",
    "llamafile/program/open-host": "a real llamafile is a program by design",
    "archives/encrypted/zip-bit": "cannot be looked into",
    "archives/encrypted/zip-aes": "cannot be looked into",
    "archives/truncated/no-directory": "cut downloads look so",
    "archives/truncated/tar": "cut downloads look so",
    "archives/truncated/gzip": "cut downloads look so",
    "archives/nested/very-deep": "deeper than any budget",
    "safetensors/truncated/half": "cut downloads look so",
    "gguf/bounds/data-cut": "cut downloads look so",
    "gguf/unknown-type/tensor": "new element types come with new versions",
    "flax/truncated/half": "cut downloads look so",
    "tflite/bounds/cut": "cut downloads look so",
    "executorch/bounds/cut": "cut downloads look so",
    "hub_code/auto-map-remote/other-repository": "honest fine-tunes name their base's code so",
    "keras/saved-model-layer/tfsm": "an honest layer with an odd path",
    "tensorflow/read-file/placeholder": "some serving signatures take file names",
    "rdata/masked-function/method": "a method of one's own is not rare",
    "mxnet/custom-operator/custom": "needs code that the program registers",
    "mxnet/custom-operator/subgraph": "needs code that the program registers",
    "skops/object-node/own-class": "an unknown class of the project",
    "skops/pickle-member/joblib": "no loader reads the member",
}


def judged(unit: Unit) -> Unit:
    """The unit, with its least verdict softened where the table says so."""
    key = f"{unit.family}/{unit.technique}/{unit.variant}"
    return replace(unit, expect="suspicious") if key in SUSPICIOUS else unit

"""Which names a configuration may give for making an object, and which it may not.

Keras' own packages are named here, by what their functions do; every other name is judged
by the import policy. `NON_MODELING_APIS` in `keras/src/saving/serialization_lib.py` is what
Keras came to refuse; older versions take any name of any module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from assay.scanning.pickle import ImportPolicy, Safety
from assay.scanning.pickle.imports import class_like


class Standing(Enum):
    """What a name is, worst last."""

    KNOWN = "part of Keras or of a library built on it"
    OWN = "the author's, registered by hand"
    UNKNOWN = "not known"
    LOADS = "a function of Keras that loads or fetches"
    DANGEROUS = "dangerous to import"


@dataclass(frozen=True, slots=True)
class Reference:
    """An object to be made.

    Attributes:
        module: Where its class or function is; "" where only the name is given.
        name: Of the class or function.
        function: Whether it is said to be a function.
        registered: The name it was registered under, as the configuration says.
    """

    module: str
    name: str
    function: bool = False
    registered: str = ""

    @property
    def shown(self) -> str:
        """Module and name."""
        return f"{self.module}.{self.name}" if self.module else self.name


_KERAS = re.compile(
    r"(?:(?:tensorflow\.)?(?:python\.)?keras|tf_keras|keras_core)(?:\.(?:src|api|_v2|v2|keras))*"
    r"(?:\.(.*))?\Z",
    re.DOTALL,
)
_FUNCTIONS = frozenset(
    "activations losses metrics initializers regularizers constraints ops layers applications "
    "optimizers random nn math backend operations _operations_ quantizers engine initializer "
    "dtype_policies".split()
)
"""Packages of Keras whose functions compute."""
_LOADING = frozenset(
    "utils saving models config preprocessing export distribution legacy datasets callbacks "
    "wrappers testing api_export tree visualization trainers version".split()
)
"""Packages of Keras with functions that load, fetch, write or change settings."""
_COMPUTING = frozenset(
    "to_categorical normalize pad_sequences array_to_img img_to_array bounding_boxes standardize_dtype "
    "is_keras_tensor sequence_to_array skipgrams".split()
)
"""Those of their functions which compute after all."""
_LOADING_NAMES = re.compile(
    r"(?:get_file|extract_archive|load_\w+|save_\w*|\w+_from_directory|model_from_\w+|func_load|"
    r"enable_unsafe_deserialization|deserialize\w*|from_config|import_\w+|open\w*|copy\w*|"
    r"urlretrieve|download\w*|File|write\w*|run_\w*|exec\w*|set_\w+)\Z"
)
_LIBRARIES = frozenset(
    "keras_hub keras_nlp keras_cv keras_tuner keras_rs keras_remote keras_ocr keras_contrib "
    "tensorflow_addons tensorflow_probability tensorflow_hub tensorflow_text "
    "tensorflow_model_optimization tensorflow_recommenders tensorflow_decision_forests "
    "tensorflow_ranking tensorflow_similarity tensorflow_gnn tensorflow_lattice autokeras "
    "spektral larq qkeras tfimm kecam keras_cv_attention_models kgcnn deepctr bayesflow "
    "vit_keras efficientnet segmentation_models official transformers".split()
)
_BUILT_IN = frozenset(
    "eval exec compile open __import__ getattr setattr delattr globals locals vars input breakpoint "
    "map filter help exit quit type memoryview __build_class__ dir super object classmethod "
    "staticmethod property iter next __loader__ __spec__ execfile file reduce apply".split()
)
"""Names of Python's own that are a step to running something."""
_TOOLS = frozenset({"FeatureSpace", "Feature", "Cross"})
_SOME_MODULE = "keras_module"
"""Of which the policy knows nothing, so that only the name counts."""
_PARSING = re.compile(
    r"io\.(?:decode|encode|parse|serialize|deserialize|is_jpeg|extract_jpeg)\w*\Z"
)
"""Functions of `tensorflow.io` that are given tensors, not paths."""
_LONGEST = 300
"""No name that can be imported is longer."""
_GRAPH = re.compile(
    r"(?:.*[./])?(?:(?:read_file|write_file|matching_files|py_func|py_function|numpy_function|"
    r"eager_py_func|load_op_library|load_library|load_file_system_library|save_slices|"
    r"shard\w*_filename|execute_fn_for_device|get_logger)\w*|"
    r"(?:Read|Write|Delete|Rename|Copy)File\w*|MatchingFiles|(?:Eager)?PyFunc\w*|"
    r"Restore(?:V2|Slice)?|Save(?:V2|Slices)?|MergeV2Checkpoints|LoadAndRemap\w*|"
    r"\w*(?:TFRecord|TextLine|FixedLengthRecord|WholeFile)\w*(?:Reader|Dataset)\w*|Rpc\w*|"
    r"InitializeTableFromTextFile\w*|LookupTableImport\w*|gfile\.\w+)\Z"
)


def is_acting_operation(name: str) -> bool:
    """Whether a TensorFlow operation reads or writes files, loads a library or calls Python."""
    return len(name) <= _LONGEST and _GRAPH.match(name) is not None


def standing(reference: Reference, policy: ImportPolicy) -> Standing:
    """What a name is."""
    module = reference.module
    if module in ("", "__main__", "__mp_main__"):
        return Standing.OWN
    if len(module) + len(reference.name) > _LONGEST:
        return Standing.UNKNOWN
    keras = _KERAS.match(module)
    if keras:
        return _in_keras(reference, keras.group(1) or "", policy)
    if module.split(".", 1)[0] == "tensorflow":
        return _in_tensorflow(reference, policy)
    return _elsewhere(reference, policy)


def _elsewhere(reference: Reference, policy: ImportPolicy) -> Standing:
    """A name outside Keras and TensorFlow.

    Keras says `builtins` of its own functions and of the author's, and looks there last.
    """
    if reference.module == "builtins":
        return Standing.DANGEROUS if reference.name in _BUILT_IN else Standing.KNOWN
    if policy.judge(reference.module, reference.name).safety is Safety.DANGEROUS:
        return Standing.DANGEROUS
    if reference.module.split(".", 1)[0] in _LIBRARIES:
        return Standing.UNKNOWN if reference.function else Standing.KNOWN
    return Standing.OWN if ">" in reference.registered else Standing.UNKNOWN


def _in_keras(reference: Reference, inside: str, policy: ImportPolicy) -> Standing:
    name = reference.name
    package = inside.split(".", 1)[0]
    if "." in name or not name.isidentifier() or _is_borrowed(name, policy):
        return Standing.DANGEROUS
    if not reference.function and class_like(name):
        own = package not in ("utils", "saving", "export") or name in _TOOLS
        return Standing.KNOWN if own else Standing.UNKNOWN
    if name in _COMPUTING:
        return Standing.KNOWN
    if package in _LOADING or _LOADING_NAMES.match(name):
        return Standing.LOADS
    return Standing.KNOWN if package in _FUNCTIONS or not package else Standing.UNKNOWN


def _is_borrowed(name: str, policy: ImportPolicy) -> bool:
    """Whether a name is the standard library's, which a module of Keras may have imported."""
    return policy.judge(_SOME_MODULE, name).safety is Safety.DANGEROUS


def _in_tensorflow(reference: Reference, policy: ImportPolicy) -> Standing:
    if reference.module == "tensorflow" and _PARSING.match(reference.name):
        return Standing.KNOWN
    judged = policy.judge(reference.module, reference.name).safety
    if judged is Safety.DANGEROUS or is_acting_operation(reference.name):
        return Standing.DANGEROUS
    if "." in reference.name:
        return Standing.UNKNOWN
    return Standing.KNOWN

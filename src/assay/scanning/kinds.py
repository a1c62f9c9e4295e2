"""Every format there is a scanner for: how it is recognised, who reads it, what it can hold.

The table is the coverage: a format that is not here is `unknown`. A scanner is imported when
the first file of its kind is met, since most scans meet few kinds.
"""

from __future__ import annotations

import importlib
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import ModuleType
from typing import Any

_SCANNERS = "assay.scanning.scanners"


class Holds(Enum):
    """What a format can hold, which decides what a name that promises another means."""

    DATA = "data"
    ACTS = "what a loader runs, or other files"


@dataclass(frozen=True, slots=True)
class Kind:
    """One format.

    Attributes:
        family: Its name in reports and policies.
        module: The scanner below `scanners` that reads it.
        title: What people call it.
        scan: The scanner's function: `(data, subject, answer) -> None`.
        magic: Bytes at an offset; any of them decides.
        endings: Names that claim it, lower case; several kinds may claim one ending.
        sniff: The scanner's function `(data, subject) -> bool`, asked where no magic decides:
            of bytes that are no text, or of text where `text` is set. It reads little, and
            says yes only to what another format is not. "" for none: then a kind without
            magic is what its name claims, as long as the content is text or no text as said.
        text: Whether it is UTF-8 text.
        keys: Top-level keys by which a JSON object is of this kind; its scanner has
            `scan_json(document, subject, answer) -> None`.
        holds: What it can hold.
    """

    family: str
    module: str
    title: str
    scan: str = "scan"
    magic: tuple[tuple[int, bytes], ...] = ()
    endings: tuple[str, ...] = ()
    sniff: str = ""
    text: bool = False
    keys: tuple[str, ...] = ()
    holds: Holds = Holds.DATA

    @property
    def acts(self) -> bool:
        """Whether a loader runs it, or it holds other files."""
        return self.holds is Holds.ACTS

    def scanner(self) -> ModuleType:
        """The module that reads it."""
        return importlib.import_module(f"{_SCANNERS}.{self.module}")

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of its scanner."""
        return getattr(self.scanner(), function)(*arguments)


KINDS: tuple[Kind, ...] = (
    Kind("empty", "plain", "Empty file", scan="scan_empty"),
    Kind("executable", "plain", "Native program", scan="scan_executable", holds=Holds.ACTS),
    Kind("pickle", "pickle", "Pickle", holds=Holds.ACTS),
    Kind("torch-legacy", "pickle", "PyTorch before 1.6", holds=Holds.ACTS),
    Kind(
        "zip",
        "zip_archive",
        "Zip archive",
        magic=((0, b"PK\x03\x04"), (0, b"PK\x05\x06")),
        endings=(".zip",),
        holds=Holds.ACTS,
    ),
    Kind(
        "tar",
        "tar_archive",
        "Tar archive",
        magic=((257, b"ustar"),),
        endings=(".tar", ".nemo"),
        sniff="is_archive",
        holds=Holds.ACTS,
    ),
    *(
        Kind(
            family,
            "compressed",
            title,
            scan=f"scan_{family}",
            magic=((0, magic),) if magic else (),
            endings=endings,
            sniff="" if magic else f"is_{family}",
            holds=Holds.ACTS,
        )
        for family, title, magic, endings in (
            ("gzip", "gzip", b"\x1f\x8b", (".gz", ".tgz", ".gzip")),
            ("bzip2", "bzip2", b"BZh", (".bz2", ".tbz", ".tbz2")),
            ("xz", "xz", b"\xfd7zXZ\0", (".xz", ".txz")),
            ("lz4", "LZ4", b"\x04\x22\x4d\x18", (".lz4",)),
            ("joblib", "joblib before 0.10", b"ZF0x", ()),
            ("lzma", "LZMA before xz", b"", (".lzma",)),
            ("zlib", "zlib", b"", (".zlib", ".zz")),
        )
    ),
    Kind(
        "numpy",
        "numpy_array",
        "NumPy array",
        magic=((0, b"\x93NUMPY"),),
        endings=(".npy",),
        holds=Holds.ACTS,
    ),
    Kind("safetensors", "safetensors", "Safetensors", endings=(".safetensors",)),
    Kind("gguf", "gguf", "GGUF", magic=((0, b"GGUF"),), endings=(".gguf",)),
    Kind(
        "ggml",
        "ggml",
        "GGML",
        magic=((0, b"lmgg"), (0, b"fmgg"), (0, b"tjgg"), (0, b"algg")),
        endings=(".ggml",),
    ),
    Kind(
        "llamafile",
        "llamafile",
        "Llamafile",
        magic=((0, b"MZqFpD='"), (0, b"jartsr='")),
        endings=(".llamafile",),
        holds=Holds.ACTS,
    ),
    Kind(
        "png",
        "image",
        "PNG",
        scan="scan_png",
        magic=((0, b"\x89PNG\r\n\x1a\n"),),
        endings=(".png",),
    ),
    Kind(
        "jpeg",
        "image",
        "JPEG",
        scan="scan_jpeg",
        magic=((0, b"\xff\xd8\xff"),),
        endings=(".jpg", ".jpeg"),
    ),
    Kind(
        "gif",
        "image",
        "GIF",
        scan="scan_gif",
        magic=((0, b"GIF87a"), (0, b"GIF89a")),
        endings=(".gif",),
    ),
    Kind("webp", "image", "WebP", scan="scan_webp", sniff="is_webp", endings=(".webp",)),
    Kind(
        "python-bytecode",
        "code_object",
        "Compiled Python module",
        sniff="is_cache",
        endings=(".pyc", ".pyo"),
        holds=Holds.ACTS,
    ),
    Kind("onnx", "onnx", "ONNX", sniff="is_model", endings=(".onnx",)),
    Kind(
        "executorch",
        "executorch",
        "ExecuTorch",
        magic=tuple((4, b"ET%d" % number) for number in range(10, 20)),
        endings=(".pte",),
    ),
    Kind(
        "executorch-tensors",
        "executorch",
        "ExecuTorch, tensors",
        scan="scan_tensors",
        magic=((4, b"FT01"),),
        endings=(".ptd",),
    ),
    Kind(
        "executorch-bundle",
        "executorch",
        "ExecuTorch, program with tests",
        scan="scan_bundle",
        magic=((4, b"BP08"), (4, b"BP07"), (4, b"BP09")),
        endings=(".bpte",),
        holds=Holds.ACTS,
    ),
    Kind(
        "torch-export-program",
        "torch_export",
        "PyTorch export, program",
        keys=("graph_module", "schema_version"),
    ),
    Kind("onnx-tensor", "onnx", "ONNX tensor", scan="scan_tensor", sniff="is_tensor"),
    Kind(
        "ort",
        "onnx.ort_format",
        "ONNX Runtime",
        magic=((4, b"ORTM"),),
        endings=(".ort",),
    ),
    Kind(
        "onnx-data",
        "onnx",
        "ONNX, numbers beside the model",
        scan="scan_outside_data",
        sniff="is_outside_data",
    ),
    Kind(
        "tflite",
        "tflite",
        "TensorFlow Lite",
        magic=((4, b"TFL3"),),
        endings=(".tflite", ".lite"),
        holds=Holds.ACTS,
    ),
    Kind("coreml", "coreml", "Core ML", sniff="is_model", endings=(".mlmodel",), holds=Holds.ACTS),
    Kind(
        "coreml-package",
        "coreml",
        "Core ML package",
        keys=("fileFormatVersion", "itemInfoEntries"),
    ),
    Kind("coreml-weights", "coreml", "Core ML weights", scan="scan_weights", sniff="is_weights"),
    Kind(
        "paddle",
        "paddle",
        "PaddlePaddle program",
        scan="scan_program",
        sniff="is_program",
        endings=(".pdmodel",),
        holds=Holds.ACTS,
    ),
    Kind(
        "paddle-parameters",
        "paddle",
        "PaddlePaddle parameters",
        scan="scan_parameters",
        sniff="is_parameters",
        endings=(".pdiparams",),
    ),
    Kind("paddle-json", "paddle", "PaddlePaddle program in JSON", keys=("base_code", "program")),
    Kind("sentencepiece", "sentencepiece", "SentencePiece", sniff="is_model"),
    Kind(
        "tensorflow-saved-model",
        "tensorflow",
        "TensorFlow SavedModel",
        scan="scan_saved_model",
        sniff="is_saved_model",
        endings=(".pb",),
        holds=Holds.ACTS,
    ),
    Kind(
        "tensorflow-meta-graph",
        "tensorflow",
        "TensorFlow meta graph",
        scan="scan_meta_graph",
        sniff="is_meta_graph",
        endings=(".meta",),
        holds=Holds.ACTS,
    ),
    Kind(
        "tensorflow-graph",
        "tensorflow",
        "TensorFlow graph",
        scan="scan_graph",
        sniff="is_graph",
        endings=(".pb", ".graphdef"),
        holds=Holds.ACTS,
    ),
    Kind(
        "tensorflow-keras-metadata",
        "tensorflow",
        "Keras metadata of a SavedModel",
        scan="scan_metadata",
        sniff="is_metadata",
        endings=(".pb",),
        holds=Holds.ACTS,
    ),
    Kind(
        "tensorflow-note",
        "tensorflow",
        "TensorFlow fingerprint",
        scan="scan_note",
        sniff="is_note",
        endings=(".pb",),
    ),
    Kind(
        "tensorflow-checkpoint",
        "tensorflow",
        "TensorFlow checkpoint",
        scan="scan_table",
        sniff="is_table",
    ),
    Kind(
        "tensorflow-records",
        "tensorflow",
        "TFRecord",
        scan="scan_records",
        sniff="is_records",
        endings=(".tfrecord", ".tfrecords", ".tfevents"),
    ),
    Kind(
        "tensorflow-shard",
        "tensorflow",
        "TensorFlow checkpoint shard",
        scan="scan_shard",
        sniff="is_shard",
    ),
    Kind(
        "parquet",
        "columnar",
        "Parquet",
        scan="scan_parquet",
        magic=((0, b"PAR1"),),
        endings=(".parquet", ".pq"),
    ),
    Kind(
        "arrow",
        "columnar",
        "Arrow, Feather",
        scan="scan_arrow",
        magic=((0, b"ARROW1\0\0"),),
        endings=(".arrow", ".feather", ".ipc"),
    ),
    Kind(
        "feather",
        "columnar",
        "Feather version 1",
        scan="scan_feather",
        magic=((0, b"FEA1"),),
        endings=(".feather",),
    ),
    Kind(
        "matlab",
        "matlab",
        "MATLAB data",
        magic=((0, b"MATLAB 5.0 MAT-file"),),
        endings=(".mat",),
    ),
    Kind(
        "java-objects",
        "java_objects",
        "Serialized Java objects (Weka and others)",
        magic=((0, b"\xac\xed\0\x05"),),
        holds=Holds.ACTS,
    ),
    Kind(
        "word-vectors",
        "word_vectors",
        "word2vec",
        sniff="is_word_vectors",
    ),
    Kind(
        "ds-store",
        "media",
        "Finder's view of a folder (.DS_Store)",
        scan="scan_plain",
        magic=((0, b"\0\0\0\1Bud1"),),
    ),
    Kind("imatrix", "imatrix", "Importance matrix (llama.cpp)", sniff="is_imatrix"),
    Kind("pdf", "pdf", "PDF", magic=((0, b"%PDF-"),), endings=(".pdf",)),
    Kind("sqlite", "database", "SQLite", magic=((0, b"SQLite format 3\0"),), endings=(".db",)),
    Kind(
        "riff",
        "media",
        "WAV, AVI",
        scan="scan_riff",
        sniff="is_riff",
        endings=(".wav", ".avi"),
    ),
    Kind("flac", "media", "FLAC", scan="scan_flac", magic=((0, b"fLaC"),), endings=(".flac",)),
    Kind(
        "ogg",
        "media",
        "Ogg",
        scan="scan_ogg",
        magic=((0, b"OggS"),),
        endings=(".ogg", ".opus", ".oga"),
    ),
    Kind("mpeg-audio", "media", "MP3", scan="scan_plain", sniff="is_mpeg_audio", endings=(".mp3",)),
    Kind(
        "iso-media",
        "media",
        "MP4, M4A, HEIC, AVIF",
        scan="scan_boxes",
        sniff="is_boxes",
        endings=(".mp4", ".m4a", ".mov", ".heic", ".avif"),
    ),
    Kind("bmp", "media", "BMP", scan="scan_bitmap", sniff="is_bitmap", endings=(".bmp",)),
    Kind(
        "tiff",
        "media",
        "TIFF",
        scan="scan_plain",
        magic=((0, b"II*\0"), (0, b"MM\0*")),
        endings=(".tif", ".tiff"),
    ),
    Kind("ico", "media", "ICO", scan="scan_plain", sniff="is_icon", endings=(".ico",)),
    Kind(
        "font",
        "media",
        "Font",
        scan="scan_plain",
        sniff="is_font",
        endings=(".ttf", ".otf", ".ttc", ".woff", ".woff2"),
    ),
    Kind(
        "xgboost-ubjson",
        "xgboost",
        "XGBoost (UBJSON)",
        scan="scan_ubjson",
        sniff="is_ubjson",
        endings=(".ubj",),
    ),
    Kind("xgboost-binary", "xgboost", "XGBoost (binary)", scan="scan_binary", sniff="is_binary"),
    Kind(
        "xgboost-matrix",
        "xgboost",
        "XGBoost DMatrix",
        scan="scan_matrix",
        magic=((0, b"\x01\xab\xff\xffversion:"),),
    ),
    Kind(
        "script-with-data",
        "script_head",
        "Script with data behind it",
        sniff="is_script",
        holds=Holds.ACTS,
    ),
    Kind("catboost", "catboost", "CatBoost", magic=((0, b"CBM1"),), endings=(".cbm",)),
    Kind(
        "r-data",
        "r_data",
        "R data",
        magic=(
            *((0, magic) for magic in (b"RDX2\n", b"RDX3\n", b"RDB2\n", b"RDB3\n")),
            *((0, magic) for magic in (b"X\n\0\0\0\x02", b"X\n\0\0\0\x03")),
            *((0, magic) for magic in (b"B\n\x02\0\0\0", b"B\n\x03\0\0\0")),
        ),
        endings=(".rds", ".rda", ".rdata"),
        holds=Holds.ACTS,
    ),
    Kind(
        "caffe",
        "caffe",
        "Caffe",
        scan="scan_network",
        sniff="is_network",
        endings=(".caffemodel",),
        holds=Holds.ACTS,
    ),
    Kind("cntk", "cntk", "CNTK", sniff="is_model", endings=(".cntk",), holds=Holds.ACTS),
    Kind("cntk-old", "cntk", "CNTK before version 2", scan="scan_old", sniff="is_old_model"),
    Kind("mnn", "mobile.mnn", "MNN", sniff="is_model", endings=(".mnn",)),
    Kind("ncnn", "mobile.ncnn", "ncnn", scan="scan_param_bin", sniff="is_param_bin"),
    Kind("torch7", "torch7", "Torch7", sniff="is_object", endings=(".t7",), holds=Holds.ACTS),
    Kind(
        "tensorrt",
        "compiled_engines",
        "TensorRT engine",
        magic=((0, b"ptrt"), (0, b"ftrt")),
        endings=(".engine", ".plan", ".trt"),
        holds=Holds.ACTS,
    ),
    Kind(
        "rknn",
        "compiled_engines",
        "RKNN",
        magic=((0, b"RKNN\x00\x00\x00\x00"), (0, b"CYPTRKNN")),
        endings=(".rknn",),
    ),
    Kind("spark", "spark", "Spark ML", keys=("class", "sparkVersion", "uid", "paramMap")),
    Kind(
        "spark-checksums",
        "spark",
        "Hadoop checksums",
        scan="scan_checksums",
        magic=((0, b"crc\x00"),),
        endings=(".crc",),
    ),
    Kind("darknet", "mobile.darknet", "Darknet weights", scan="scan_weights", sniff="is_weights"),
    Kind("xml-wide", "xml_text", "XML in UTF-16", sniff="is_wide_xml"),
    Kind(
        "hdf5",
        "hdf5_file",
        "HDF5, Keras",
        magic=((0, b"\x89HDF\r\n\x1a\n"), (512, b"\x89HDF\r\n\x1a\n")),
        endings=(".h5", ".hdf5", ".hdf", ".he5", ".h5ad"),
        sniff="is_file",
        holds=Holds.ACTS,
    ),
    Kind(
        "mxnet-arrays",
        "mxnet",
        "MXNet arrays",
        magic=((0, b"\x12\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),),
        endings=(".params",),
    ),
    Kind(
        "msgpack",
        "msgpack_file",
        "MessagePack, Flax",
        sniff="is_document",
        endings=(".msgpack", ".mpk", ".msgpk"),
    ),
    Kind("tensorstore", "zarr_store", "TensorStore database", sniff="is_database"),
    Kind(
        "zstandard",
        "zarr_store",
        "Zstandard",
        scan="scan_packed",
        magic=((0, b"\x28\xb5\x2f\xfd"),),
        endings=(".zst",),
    ),
    Kind("raw-numbers", "raw_numbers", "Raw numbers", sniff="is_numbers"),
    Kind("tfjs-numbers", "tfjs", "TensorFlow.js weights", scan="scan_shard", sniff="is_shard"),
    Kind("zarr-chunk", "zarr_store", "Zarr chunk", sniff="is_chunk"),
    Kind("python-start", "python_code", "Python path file", scan="scan_start_file"),
    Kind("text-wide", "wide_text", "Text in UTF-16", sniff="is_wide"),
    Kind(
        "python-encoded",
        "python_code",
        "Python code in an encoding of its own",
        sniff="is_encoded_python",
        holds=Holds.ACTS,
    ),
    Kind(
        "script-encoded",
        "shell_script",
        "Script in an older encoding",
        sniff="is_encoded_script",
        holds=Holds.ACTS,
    ),
    Kind(
        "source-encoded",
        "other_code",
        "Source code in an older encoding",
        sniff="is_encoded_source",
        holds=Holds.ACTS,
    ),
    Kind("text-encoded", "text", "Text in an older encoding", sniff="is_encoded_text"),
    # Text. The first that claims a name, or recognises the content, reads it.
    Kind("pmml", "pmml", "PMML", sniff="is_pmml", endings=(".pmml", ".xml"), text=True),
    Kind("openvino", "openvino", "OpenVINO", sniff="is_model", endings=(".xml",), text=True),
    Kind("svg", "svg", "SVG", sniff="is_svg", endings=(".svg", ".xml"), text=True),
    Kind("html", "html", "HTML", sniff="is_html", endings=(".html", ".htm", ".hta"), text=True),
    Kind("xml", "xml_text", "XML", sniff="is_xml", endings=(".xml", ".xhtml"), text=True),
    Kind(
        "caffe-text",
        "caffe",
        "Caffe network in text",
        scan="scan_text",
        sniff="is_text",
        endings=(".prototxt",),
        text=True,
        holds=Holds.ACTS,
    ),
    Kind(
        "ncnn-text",
        "mobile.ncnn",
        "ncnn layers in text",
        scan="scan_param",
        sniff="is_param",
        endings=(".param",),
        text=True,
    ),
    Kind("tnn", "mobile.ncnn", "TNN layers in text", scan="scan_tnn", sniff="is_tnn", text=True),
    Kind(
        "darknet-text",
        "mobile.darknet",
        "Darknet network",
        scan="scan_network",
        sniff="is_network",
        text=True,
    ),
    Kind(
        "tensorflow-text-graph",
        "tensorflow",
        "TensorFlow graph in text",
        scan="scan_text_graph",
        sniff="is_text_graph",
        endings=(".pbtxt",),
        text=True,
        holds=Holds.ACTS,
    ),
    Kind(
        "text-proto",
        "text_protos",
        "Settings in Protocol Buffers' text format",
        sniff="is_settings",
        endings=(".pbtxt", ".prototxt", ".textproto"),
        text=True,
    ),
    Kind(
        "tensorflow-checkpoint-state",
        "tensorflow",
        "TensorFlow checkpoint state",
        scan="scan_state",
        sniff="is_state",
        text=True,
    ),
    Kind(
        "python",
        "python_code",
        "Python code",
        sniff="is_python",
        endings=(".py", ".pyw", ".pyi", ".ipy", ".wsgi"),
        text=True,
        holds=Holds.ACTS,
    ),
    Kind("script", "shell_script", "Script", sniff="is_script", text=True, holds=Holds.ACTS),
    Kind(
        "source",
        "other_code",
        "Source code in other languages",
        sniff="is_source",
        text=True,
        holds=Holds.ACTS,
    ),
    Kind(
        "yaml",
        "yaml_config",
        "YAML",
        sniff="is_yaml",
        endings=(".yaml", ".yml", ".dvc"),
        text=True,
        holds=Holds.ACTS,
    ),
    Kind("settings", "ini_toml", "TOML, INI, environment files", sniff="is_settings", text=True),
    Kind(
        "requirements",
        "requirements",
        "Lists of packages",
        sniff="is_list",
        endings=(".txt", ".in"),
        text=True,
    ),
    Kind(
        "json-lines",
        "json_document",
        "JSON lines",
        scan="scan_lines",
        endings=(".jsonl", ".ndjson"),
        text=True,
    ),
    Kind(
        "jinja",
        "jinja_template",
        "Jinja template",
        sniff="is_template",
        endings=(".jinja", ".jinja2", ".j2"),
        text=True,
    ),
    Kind("mxnet-graph", "mxnet", "MXNet graph", keys=("nodes", "arg_nodes", "heads")),
    Kind("tfjs", "tfjs", "TensorFlow.js", keys=("modelTopology", "weightsManifest")),
    Kind("tfjs-weights", "tfjs", "TensorFlow.js, weights only", keys=("weightsManifest",)),
    Kind("zarr-2", "zarr_store", "Zarr 2", keys=("zarr_format", "chunks", "dtype")),
    Kind("zarr-3", "zarr_store", "Zarr 3", keys=("zarr_format", "codecs")),
    Kind(
        "keras-config",
        "keras",
        "Keras configuration",
        keys=("class_name", "config"),
        holds=Holds.ACTS,
    ),
    Kind("notebook", "notebook", "Jupyter notebook", keys=("cells", "nbformat")),
    Kind("notebook-3", "notebook", "Jupyter notebook", keys=("worksheets", "nbformat")),
    Kind(
        "json",
        "json_document",
        "JSON",
        sniff="is_json",
        endings=(".json", ".ipynb", ".jsonc", ".webmanifest"),
        text=True,
    ),
    Kind(
        "lightgbm",
        "lightgbm",
        "LightGBM",
        sniff="is_model",
        endings=(".lgb", ".lightgbm", ".txt"),
        text=True,
    ),
    Kind(
        "xgboost-json",
        "xgboost",
        "XGBoost (JSON)",
        scan="scan_json",
        keys=("learner", "version"),
        text=True,
    ),
    Kind(
        "tokenizer-json",
        "tokenizer_files",
        "Tokenizer (JSON)",
        scan="scan_json",
        keys=("added_tokens", "model", "post_processor"),
        text=True,
    ),
    Kind(
        "tiktoken",
        "tokenizer_files",
        "Tokenizer (tiktoken)",
        scan="scan_ranks",
        sniff="is_ranks",
        endings=(".tiktoken",),
        text=True,
    ),
    Kind(
        "catboost-json",
        "catboost",
        "CatBoost (JSON)",
        scan="scan_json",
        keys=("model_info", "features_info"),
        text=True,
    ),
    Kind(
        "llamafile-arguments",
        "llamafile",
        "Llamafile arguments",
        scan="scan_arguments",
        sniff="is_arguments",
        text=True,
    ),
    Kind("modelfile", "modelfile", "Modelfile (Ollama)", sniff="is_modelfile", text=True),
    Kind(
        "r-data-text",
        "r_data",
        "R data as text",
        sniff="is_text",
        endings=(".rds", ".rda", ".rdata"),
        text=True,
        holds=Holds.ACTS,
    ),
    Kind(
        "r-profile",
        "r_data",
        "R start file",
        scan="scan_profile",
        sniff="is_profile",
        text=True,
        holds=Holds.ACTS,
    ),
    Kind(
        "text",
        "text",
        "Text for people",
        sniff="is_text",
        endings=(".txt", ".md", ".rst", ".csv"),
        text=True,
    ),
)
"""In the order in which they are tried."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A format whose files are archives.

    Attributes:
        family: Its name in reports and policies.
        module: The scanner below `scanners` that reads it, by `scan_archive(contents) -> None`
            over `assay.scanning.archives.contents.Contents`. It answers for every member:
            what it does not read itself it hands to `contents.judge`.
        title: What people call it.
        members: Patterns over member names, one of which must match one name as a whole.
        every: Whether instead every name must be matched by one of them.
    """

    family: str
    module: str
    title: str
    members: tuple[str, ...]
    every: bool = False

    def scanner(self) -> ModuleType:
        """The module that reads it."""
        return importlib.import_module(f"{_SCANNERS}.{self.module}")

    def fits(self, names: Sequence[str]) -> bool:
        """Whether an archive with these members is one."""
        match = _pattern(self.members).fullmatch
        found = (match(name) is not None for name in names)
        return bool(names) and (all(found) if self.every else any(found))


@cache
def _pattern(members: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(members), re.DOTALL)


PACKED: tuple[Packed, ...] = (
    Packed("mojo", "mojo", "H2O MOJO", (r"model\.ini",)),
    Packed("numpy-archive", "packed_files", "NumPy archive", (r".*\.npy",), every=True),
    Packed("torch", "torch_archive", "PyTorch", (r"[^/]+/data\.pkl", r"data\.pkl")),
    Packed(
        "torch-export",
        "torch_export",
        "PyTorch export",
        (r"(?:[^/]+/)?archive_format", r"(?:[^/]+/)?serialized_exported_program\.json"),
    ),
    Packed("torch-package", "torch_package", "PyTorch package", (r"[^/]+/\.data/extern_modules",)),
    Packed("torch-tar", "torch_tar", "PyTorch before 0.1.10", (r"storages", r"tensors")),
    Packed("nemo", "packed_files", "NVIDIA NeMo", (r"model_config\.yaml",)),
    Packed("torchserve", "packed_files", "TorchServe", (r"MAR-INF/MANIFEST\.json",)),
    Packed(
        "python-package",
        "python_package",
        "Python package",
        (r"[^/]+\.dist-info/(?:WHEEL|RECORD)", r"[^/]+/PKG-INFO"),
    ),
    Packed(
        "java-archive", "java_archive", "Java archive", (r"META-INF/MANIFEST\.MF", r"classes\.dex")
    ),
    Packed("office", "office_document", "Office document", (r"\[Content_Types\]\.xml",)),
    Packed("skops", "skops_file", "skops", (r"schema\.json",)),
    Packed(
        "keras",
        "keras.archive",
        "Keras archive",
        (r"config\.json", r"model\.weights\.(?:h5|npz)"),
    ),
)
"""In the order in which they are tried, on zip and tar archives alike; in an archive that is none
of these every member is judged as a file of its own."""


def extension(path: str) -> str:
    """The ending of a name, lower case, with its dot; "" without one."""
    return posixpath.splitext(path.rsplit("/", 1)[-1])[1].lower()


@cache
def by_family() -> Mapping[str, Kind]:
    """Every kind by its family."""
    return {kind.family: kind for kind in KINDS}


@cache
def _by_ending() -> Mapping[str, tuple[Kind, ...]]:
    found: dict[str, tuple[Kind, ...]] = {}
    for kind in KINDS:
        for ending in kind.endings:
            found[ending] = (*found.get(ending, ()), kind)
    return found


def claimed(name: str) -> tuple[Kind, ...]:
    """The kinds a name claims to be one of."""
    return _by_ending().get(extension(name), ())


def by_magic(head: bytes) -> Kind | None:
    """The kind whose magic these first bytes hold."""
    return next((kind for offset, magic, kind in _magics() if head.startswith(magic, offset)), None)


@cache
def _magics() -> tuple[tuple[int, bytes, Kind], ...]:
    return tuple((offset, magic, kind) for kind in KINDS for offset, magic in kind.magic)


def candidates(name: str, *, text: bool) -> Iterator[Kind]:
    """The kinds to try: those the name claims, then those that are recognised by structure."""
    first = [kind for kind in claimed(name) if kind.text is text and not kind.magic]
    yield from first
    yield from (k for k in KINDS if k.text is text and k.sniff and k not in first)


def by_members(names: Sequence[str]) -> Packed | None:
    """The format an archive is of by the names of its members."""
    return next((packed for packed in PACKED if packed.fits(names)), None)


def by_keys(document: Mapping[str, Any]) -> Kind | None:
    """The kind a JSON object belongs to by its keys."""
    for kind in KINDS:
        if kind.keys and all(key in document for key in kind.keys):
            return kind
    return None

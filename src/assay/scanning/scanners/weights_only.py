"""What PyTorch's restricted loader makes of a pickle, and whether a safe conversion exists.

`torch.load(weights_only=True)`, the default since 2.6, imports only names of a list of its
own. Source: `torch/_weights_only_unpickler.py` of 2.13.0. A note changes no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.finding import Confidence, Severity
from assay.scanning.pickle.result import Import
from assay.scanning.rules import Rule, table
from assay.scanning.subject import Answer

_TYPES = (
    "BFloat16 Bool Byte Char ComplexDouble ComplexFloat Double Float Half Int Long QInt32 QInt8 "
    "QUInt2x4 QUInt4x2 QUInt8 Short"
).split()
_DTYPES = (
    "bfloat16 bits16 bits1x8 bits2x4 bits4x2 bits8 bool complex128 complex32 complex64 float16 "
    "float32 float4_e2m1fn_x2 float64 float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz "
    "float8_e8m0fnu int1 int16 int2 int3 int32 int4 int5 int6 int64 int7 int8 qint32 qint8 "
    "quint2x4 quint4x2 quint8 uint1 uint16 uint2 uint3 uint32 uint4 uint5 uint6 uint64 uint7 uint8 "
    "per_channel_affine per_channel_affine_float_qparams per_channel_symmetric "
    "per_tensor_affine per_tensor_symmetric"
).split()
_REBUILDS = (
    "_rebuild_device_tensor_from_cpu_tensor _rebuild_device_tensor_from_numpy "
    "_rebuild_meta_tensor_no_storage _rebuild_nested_tensor _rebuild_parameter "
    "_rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_tensor _rebuild_tensor "
    "_rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_wrapper_subclass"
).split()
_ALLOWED = frozenset(
    (
        *("_codecs.encode", "builtins.bytearray", "builtins.complex", "builtins.set"),
        *("collections.Counter", "collections.OrderedDict"),
        *("torch.Size", "torch.Tensor", "torch.device", "torch._tensor._rebuild_from_type_v2"),
        *("torch.nn.parameter.Parameter", "torch.serialization._get_layout"),
        *("torch.storage.TypedStorage", "torch.storage.UntypedStorage"),
        *(f"torch.{name}" for name in _DTYPES),
        *(f"torch._utils.{name}" for name in _REBUILDS),
        *(f"{place}.{kind}Storage" for place in ("torch", "torch.cuda") for kind in _TYPES),
        *(
            f"{place}.{kind}Tensor"
            for place in ("torch", "torch.cuda", "torch.sparse", "torch.cuda.sparse")
            for kind in _TYPES
        ),
    )
)
"""What the restricted loader imports."""
_TENSORS = frozenset(
    (
        "collections.OrderedDict",
        "torch.Size",
        "torch.storage.UntypedStorage",
        *(f"torch._utils.{name}" for name in ("_rebuild_tensor", "_rebuild_parameter")),
        *(f"torch._utils._rebuild_tensor_v{version}" for version in (2, 3)),
        *(f"torch.{name}" for name in (*_DTYPES, *(f"{kind}Storage" for kind in _TYPES))),
    )
)
_SHOWN = 5

TITLE = "Notes on PyTorch files"
RULES = table(
    (
        Rule(
            "torch.restricted-loading",
            "What the restricted loader makes of it",
            Severity.INFO,
            Confidence.HIGH,
            "PyTorch's restricted loader, torch.load(weights_only=True), the default since 2.6, "
            "imports only names of a list of its own.",
            "Load it with weights_only=True where that works, or convert it: assay convert.",
        ),
    )
)


def note(imports: Sequence[Import], answer: Answer) -> None:
    """Say whether the restricted loader takes a pickle, and whether it can be converted."""
    names = sorted({str(found) for found in imports})
    refused = [name for name in names if name not in _ALLOWED]
    if refused:
        more = f" and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
        shown = f"weights_only=True refuses it: {', '.join(refused[:_SHOWN])}{more}"
    elif all(name in _TENSORS for name in names):
        shown = "weights_only=True loads it; assay convert writes its tensors as safetensors"
    else:
        shown = "weights_only=True loads it; it holds more than assay convert takes"
    answer.find(RULES["torch.restricted-loading"], shown)

"""PyTorch's operators by name: which reach beyond the model, and whose namespaces are known.

Source: the schemas registered in PyTorch 2.13 and the libraries named below.
"""

from __future__ import annotations

import re
from enum import Enum

from assay.scanning.scanners.operator_words import sounds_reaching

_REACHING = frozenset(
    {
        "aten::save",  # writes a pickle to any path
        "aten::from_file",  # maps any file; creates or changes it when shared
        "debugprims::load_tensor",  # reads a file
        "prim::PythonOp",
        "prim::IgnoredPythonOp",
        "prim::rpc_async",
        "prim::rpc_remote",
        "prim::rpc_sync",
    }
)
_REACHING_NAMESPACES = frozenset("c10d rpc dist_rpc".split())
"""Operators of process groups: they talk to other machines."""
_OWN = frozenset(
    "aten prim prims quantized _quantized quantized_decomposed quantization mkldnn mkldnn_prepacked "
    "mkl onednn prepacked sparse float8_sparse static_runtime profiler cuda metal metal_prepack "
    "vulkan vulkan_prepack vulkan_quantized xnnpack _nnapi _caffe2 _native inductor inductor_prims "
    "_inductor rngprims onnx onnx_symbolic flex_lib cplib streams export higher_order fsdp _dtensor "
    "c10d_functional _c10d_functional _c10d_functional_autograd symm_mem fb cudnn miopen mps hip "
    "xpu bundled_inputs".split()
)
"""PyTorch's own."""
_LIBRARIES = frozenset(
    "torchvision image video_reader detection torchaudio torchtext torchao torchcodec torchrec "
    "torch_cluster torch_scatter torch_sparse torch_spline_conv pyg torch_geometric dgl fbgemm "
    "detectron2 torch_ipex torch_tensorrt tensorrt xformers flash_attn bitsandbytes transformers "
    "executorch_prim dim_order_ops llama et_vk neuron transformer_engine coreml mlx cadence "
    "cortex_m tosa qnn ethosu mtk auto_functionalized vllm sgl_kernel mamba_ssm triton".split()
)
"""Of libraries that many models need, from publishers that are known."""
_CLASSES = _LIBRARIES | frozenset(
    "quantized sparse xnnpack mkldnn mkldnn_prepacked vulkan metal metal_prepack mobile _nnapi rnn "
    "profiler cuda prepacked static_runtime onednn conv".split()
)
_COMPILED = frozenset("tensorrt torch_tensorrt __backends__ coreml neuron _nnapi".split())
_OVERLOAD = re.compile(r"[.].*\Z", re.DOTALL)


class Reach(Enum):
    """What is known of an operator or class by its name."""

    HARMLESS = "harmless"
    UNKNOWN = "unknown"
    COMPILED = "compiled"
    REACHING = "reaching"


def plain(name: str) -> str:
    """An operator's name with its namespace and without its overload: `aten::add`."""
    space, colons, rest = name.partition("::")
    return f"{space}::{_OVERLOAD.sub('', rest)}" if colons else f"aten::{_OVERLOAD.sub('', name)}"


def reach_of(name: str) -> Reach:
    """What an operator, such as `aten::add.Tensor`, is known to do."""
    whole = plain(name)
    space, _, rest = whole.partition("::")
    if whole in _REACHING or space in _REACHING_NAMESPACES:
        return Reach.REACHING
    if space in _OWN:
        return Reach.HARMLESS
    if sounds_reaching(rest):
        return Reach.REACHING
    return Reach.HARMLESS if space in _LIBRARIES else Reach.UNKNOWN


def reach_of_class(space: str, name: str) -> Reach:
    """What a native class, `__torch__.torch.classes.SPACE.NAME`, is known to do."""
    if space in _REACHING_NAMESPACES or (space, name) == ("torchvision", "Video"):
        return Reach.REACHING
    if space in _COMPILED:
        return Reach.COMPILED
    return Reach.HARMLESS if space in _CLASSES else Reach.UNKNOWN

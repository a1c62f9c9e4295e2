"""The messages of an ONNX model, as far as a scanner needs their fields.

Source: `onnx.proto`, IR version 14 (ONNX 1.23). A line is a number, `*` where the field may be
repeated, its type and its name. A type with a capital is another message; `TensorType` and the
like are messages inside `TypeProto`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assay.scanning.parsers.protobuf import FIXED32, FIXED64, LENGTH, VARINT

_PROTO = """
Model
  1 int ir_version
  2 text producer_name
  3 text producer_version
  4 text domain
  5 int model_version
  6 text doc_string
  7 Graph graph
  8* OperatorSetId opset_import
  14* Entry metadata_props
  20* TrainingInfo training_info
  25* Function functions
  26* DeviceConfiguration configuration
Graph
  1* Node node
  2 text name
  5* Tensor initializer
  10 text doc_string
  11* ValueInfo input
  12* ValueInfo output
  13* ValueInfo value_info
  14* TensorAnnotation quantization_annotation
  15* SparseTensor sparse_initializer
  16* Entry metadata_props
Node
  1* text input
  2* text output
  3 text name
  4 text op_type
  5* Attribute attribute
  6 text doc_string
  7 text domain
  8 text overload
  9* Entry metadata_props
  10* NodeDeviceConfiguration device_configurations
Attribute
  1 text name
  2 float f
  3 int i
  4 text s
  5 Tensor t
  6 Graph g
  7* float floats
  8* int ints
  9* text strings
  10* Tensor tensors
  11* Graph graphs
  13 text doc_string
  14 Type tp
  15* Type type_protos
  20 int type
  21 text ref_attr_name
  22 SparseTensor sparse_tensor
  23* SparseTensor sparse_tensors
Tensor
  1* int dims
  2 int data_type
  3 Segment segment
  4* float float_data
  5* int int32_data
  6* text string_data
  7* int int64_data
  8 text name
  9 text raw_data
  10* double double_data
  11* int uint64_data
  12 text doc_string
  13* Entry external_data
  14 int data_location
  16* Entry metadata_props
SparseTensor
  1 Tensor values
  2 Tensor indices
  3* int dims
Segment
  1 int begin
  2 int end
Function
  1 text name
  4* text input
  5* text output
  6* text attribute
  7* Node node
  8 text doc_string
  9* OperatorSetId opset_import
  10 text domain
  11* Attribute attribute_proto
  12* ValueInfo value_info
  13 text overload
  14* Entry metadata_props
TrainingInfo
  1 Graph initialization
  2 Graph algorithm
  3* Entry initialization_binding
  4* Entry update_binding
Entry
  1 text key
  2 text value
OperatorSetId
  1 text domain
  2 int version
ValueInfo
  1 text name
  2 Type type
  3 text doc_string
  4* Entry metadata_props
TensorAnnotation
  1 text tensor_name
  2* Entry quant_parameter_tensor_names
Type
  1 TensorType tensor_type
  4 Element sequence_type
  5 MapType map_type
  6 text denotation
  7 Opaque opaque_type
  8 TensorType sparse_tensor_type
  9 Element optional_type
TensorType
  1 int elem_type
  2 Shape shape
Shape
  1* Dimension dim
Dimension
  1 int dim_value
  2 text dim_param
  3 text denotation
Element
  1 Type elem_type
MapType
  1 int key_type
  2 Type value_type
Opaque
  1 text domain
  2 text name
DeviceConfiguration
  1 text name
  2 int num_devices
  3* text device
NodeDeviceConfiguration
  1 text configuration_id
  2* Sharding sharding_spec
  3 int pipeline_stage
Sharding
  1 text tensor_name
  2* int device
  3* DeviceGroup index_to_device_group_map
  4* ShardedDimension sharded_dim
DeviceGroup
  1 int key
  2* int value
ShardedDimension
  1 int axis
  2* SimpleSharding simple_sharding
SimpleSharding
  1 int dim_value
  2 text dim_param
  3 int num_shards
"""
_WIRES = {"int": VARINT, "float": FIXED32, "double": FIXED64, "text": LENGTH}


@dataclass(frozen=True, slots=True)
class Slot:
    """One field of a message.

    Attributes:
        name: As the schema has it.
        wires: The wire types it may have; numbers that may be repeated may be packed.
        repeated: Whether it may occur more than once.
        message: Which message it holds; "" for a value.
    """

    name: str
    wires: tuple[int, ...]
    repeated: bool
    message: str


def _slot(line: str) -> tuple[int, Slot]:
    number, kind, name = line.split()
    repeated = number.endswith("*")
    message = kind if kind[0].isupper() else ""
    wire = LENGTH if message else _WIRES[kind]
    wires = (wire, LENGTH) if repeated and wire != LENGTH else (wire,)
    return int(number.rstrip("*")), Slot(name, wires, repeated, message)


def _messages(text: str) -> Mapping[str, Mapping[int, Slot]]:
    found: dict[str, dict[int, Slot]] = {}
    for line in text.strip().splitlines():
        if line.startswith(" "):
            number, slot = _slot(line)
            found[next(reversed(found))][number] = slot
        else:
            found[line] = {}
    return found


MESSAGES: Mapping[str, Mapping[int, Slot]] = _messages(_PROTO)
"""Fields by number, by message."""

"""What stands around a graph: assets, collections and the objects of a SavedModel.

Field numbers: TensorFlow's `meta_graph.proto`, `saved_model.proto` and
`saved_object_graph.proto`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assay.scanning.parsers.protobuf import LENGTH, Field, Message
from assay.scanning.scanners.file_places import Place, place_of
from assay.scanning.scanners.tensorflow.keras_metadata import judge_metadata
from assay.scanning.scanners.tensorflow.operators import judge_graph
from assay.scanning.scanners.tensorflow.rules import RULES
from assay.scanning.subject import Answer, Subject

_GRAPH, _COLLECTION, _ASSET, _OBJECTS = 2, 4, 6, 7
_OBJECT_NODE, _USER_OBJECT, _IDENTIFIER, _METADATA = 1, 4, 1, 3
_ASSETS_COLLECTION, _PATHS_COLLECTION = "saved_model_assets", "asset_filepaths"
_PARTS = re.compile(r"[\\/]")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file the loader hands to the graph.

    Attributes:
        node: Which node of the graph is fed with its path.
        path: Below the assets folder.
        start: Offset of what names it.
    """

    node: str
    path: str
    start: int


def judge_meta_graph(meta: Message, subject: Subject, answer: Answer) -> None:
    """Judge a `MetaGraphDef`.

    Raises:
        WireError: it is none.
    """
    assets = tuple(_assets(meta))
    for asset in assets:
        _judge_asset(asset, answer)
    listed = frozenset(_listed(meta))
    for item in meta:
        if item.wire != LENGTH:
            continue
        if item.number == _GRAPH:
            fed = frozenset(asset.node for asset in assets)
            judge_graph(meta.inside(item), subject, answer, assets=fed, listed=listed)
        elif item.number == _OBJECTS:
            _judge_objects(meta.inside(item), subject, answer)


def _judge_asset(asset: Asset, answer: Answer) -> None:
    parts = _PARTS.split(asset.path)
    if ".." in parts or place_of(asset.path) not in (Place.RELATIVE, Place.NOWHERE):
        shown = f"{asset.node}: {asset.path}"
        answer.find(RULES["tensorflow.asset-path"], shown, offset=asset.start)


def _assets(meta: Message) -> Iterator[Asset]:
    """Assets where TensorFlow 2 writes them, and in the collection of TensorFlow 1."""
    for item in meta:
        if item.wire != LENGTH:
            continue
        if item.number == _ASSET:
            yield _asset(meta.inside(item))
        elif item.number == _COLLECTION:
            name, value = _collection(meta, item)
            if name == _ASSETS_COLLECTION and value is not None:
                # CollectionDef.any_list of Any, whose value is an AssetFileDef.
                for any_list in _inner(value, 5):
                    for packed in _inner(any_list, 1):
                        for held in _inner(packed, 2):
                            yield _asset(held)


def _asset(message: Message) -> Asset:
    node, path = "", ""
    for item in message:
        if item.wire != LENGTH:
            continue
        if item.number == 1:
            for part in message.inside(item):
                if part.number == 1 and part.wire == LENGTH:
                    node = message.text(part, 1024)
        elif item.number == 2:
            path = message.text(item, 4096)
    return Asset(node.split(":", 1)[0], path, message.begin)


def _listed(meta: Message) -> Iterator[str]:
    """Nodes of the collection of assets' paths."""
    for item in meta:
        if item.number == _COLLECTION and item.wire == LENGTH:
            name, value = _collection(meta, item)
            if name == _PATHS_COLLECTION and value is not None:
                for node_list in _inner(value, 1):
                    for part in node_list:
                        if part.wire == LENGTH:
                            yield node_list.text(part, 1024).split(":", 1)[0]


def _collection(meta: Message, item: Field) -> tuple[str, Message | None]:
    entry = meta.inside(item)
    name, value = "", None
    for part in entry:
        if part.number == 1 and part.wire == LENGTH:
            name = entry.text(part, 256)
        elif part.number == 2 and part.wire == LENGTH:
            value = entry.inside(part)
    return name, value


def _inner(message: Message, number: int) -> Iterator[Message]:
    for item in message:
        if item.number == number and item.wire == LENGTH:
            yield message.inside(item)


def _judge_objects(objects: Message, subject: Subject, answer: Answer) -> None:
    """Keras wrote its configuration into the objects themselves before TensorFlow 2.5."""
    for node in _inner(objects, _OBJECT_NODE):
        for user in _inner(node, _USER_OBJECT):
            identifier, metadata = "", None
            for item in user:
                if item.number == _IDENTIFIER and item.wire == LENGTH:
                    identifier = user.text(item, 256)
                elif item.number == _METADATA and item.wire == LENGTH:
                    metadata = item
            if metadata is not None and metadata.value and identifier.startswith("_tf_keras"):
                judge_metadata(user, metadata, identifier, subject, answer)

"""Operators that act outside the graph: on what, and where it is written which.

Source: the definitions TensorFlow 2.21 gives of its operators (inputs and attributes), and the
kernels that stand behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Act(Enum):
    """What an operator does."""

    READ_WHOLE = "reads a file whole"
    READ_LINES = "reads a file's lines"
    READ_RECORDS = "reads a file of records"
    READ_TABLE = "fills a table from a file"
    LIST = "lists files"
    MAP = "maps a file into memory"
    RESTORE = "restores a checkpoint"
    WRITE = "writes a file"
    SAVE = "saves a checkpoint"
    SAVE_DATA = "saves a data set"
    EXPORT = "writes a data set to a file"
    ENQUEUE = "names a file to a reader"
    LOG = "writes logs"
    PRINT = "prints"
    DEBUG = "sends or writes what flows through it"
    CONNECT = "connects to an address"
    PYTHON = "calls Python"
    NATIVE = "calls a native function by its name"
    GRAPH = "runs a graph that is inside a constant"


@dataclass(frozen=True, slots=True)
class Effect:
    """What an operator does, and where its path or address is.

    Attributes:
        act: What.
        inputs: By position.
        attributes: By name.
    """

    act: Act
    inputs: tuple[int, ...] = ()
    attributes: tuple[str, ...] = ()


def _by_input(act: Act, names: str, *inputs: int) -> dict[str, Effect]:
    return dict.fromkeys(names.split(), Effect(act, inputs))


def _by_attribute(act: Act, names: str, *attributes: str) -> dict[str, Effect]:
    return dict.fromkeys(names.split(), Effect(act, (), attributes))


EFFECTS: Mapping[str, Effect] = {
    **_by_input(Act.READ_WHOLE, "ReadFile", 0),
    **_by_input(
        Act.READ_LINES,
        "TextLineDataset CSVDataset CSVDatasetV2 ExperimentalCSVDataset FixedLengthRecordDataset "
        "FixedLengthRecordDatasetV2",
        0,
    ),
    **_by_input(Act.READ_LINES, "SqlDataset ExperimentalSqlDataset", 1),
    **_by_input(Act.READ_LINES, "GenerateVocabRemapping", 0, 1),
    **_by_attribute(Act.READ_LINES, "Skipgram", "filename"),
    **_by_attribute(Act.READ_LINES, "FixedUnigramCandidateSampler", "vocab_file"),
    **_by_attribute(Act.READ_LINES, "DecodeProtoV2 EncodeProto", "descriptor_source"),
    **_by_input(
        Act.READ_RECORDS,
        "TFRecordDataset TFRecordDatasetV2 LMDBDataset ExperimentalLMDBDataset LoadDataset "
        "SnapshotDatasetReader SnapshotChunkDataset ListSnapshotChunksDataset",
        0,
    ),
    **_by_attribute(Act.READ_RECORDS, "RecordInput", "file_pattern"),
    **_by_input(Act.READ_RECORDS, "InitializeTRTResource", 1),
    **_by_input(Act.READ_TABLE, "InitializeTableFromTextFile InitializeTableFromTextFileV2", 1),
    **_by_input(Act.LIST, "MatchingFiles MatchingFilesDataset ExperimentalMatchingFilesDataset", 0),
    **_by_attribute(Act.MAP, "ImmutableConst", "memory_region_name"),
    **_by_input(
        Act.RESTORE, "Restore RestoreV2 RestoreSlice DTensorRestoreV2 LoadAndRemapMatrix", 0
    ),
    **_by_input(Act.WRITE, "WriteFile", 0),
    **_by_attribute(Act.WRITE, "DumpTensor", "log_dir_path"),
    **_by_attribute(Act.WRITE, "CalibrationStatisticsSaver", "output_file_path"),
    **_by_input(Act.SAVE, "Save SaveV2 SaveSlices", 0),
    **_by_input(Act.SAVE, "MergeV2Checkpoints", 1),
    **_by_input(
        Act.SAVE_DATA,
        "SnapshotDataset SnapshotDatasetV2 CacheDataset CacheDatasetV2 SerializeTRTResource "
        "DistributedSave",
        1,
    ),
    **_by_input(
        Act.EXPORT,
        "SaveDataset SaveDatasetV2 DatasetToTFRecord ExperimentalDatasetToTFRecord",
        1,
    ),
    # Readers of old take the names of their files from a queue.
    **_by_input(Act.READ_RECORDS, "ReaderRead ReaderReadV2 ReaderReadUpTo ReaderReadUpToV2", 1),
    **_by_input(Act.ENQUEUE, "QueueEnqueue QueueEnqueueV2 QueueEnqueueMany QueueEnqueueManyV2", 1),
    **_by_input(Act.LOG, "CreateSummaryFileWriter CreateSummaryDbWriter", 1),
    **_by_attribute(Act.PRINT, "PrintV2", "output_stream"),
    **_by_attribute(
        Act.DEBUG,
        "DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary",
        "debug_urls",
    ),
    **_by_input(Act.CONNECT, "RpcClient RpcServer Rpc TryRpc", 0),
    **_by_input(Act.CONNECT, "RpcCall RegisterDataset RegisterDatasetV2", 1),
    **_by_input(
        Act.CONNECT,
        "DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3 DataServiceDatasetV4",
        2,
    ),
    **_by_input(Act.CONNECT, "KafkaDataset KinesisDataset BigQueryReader BigtableClient", 0),
    **_by_attribute(Act.PYTHON, "PyFunc PyFuncStateless EagerPyFunc", "token"),
    **_by_attribute(Act.NATIVE, "XlaCustomCall", "target_name"),
    **_by_attribute(Act.NATIVE, "XlaCustomCallV2", "call_target_name"),
    **_by_attribute(Act.NATIVE, "RemoteFusedGraphExecute", "name"),
    **_by_input(Act.GRAPH, "DatasetFromGraph", 0),
}
"""By operator."""

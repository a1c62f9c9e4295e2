"""TensorFlow Lite: a FlatBuffer of operators and weights, and an archive of files behind it.

The runtime's own operators only compute. What acts is what the runtime does not have itself:
custom operators, and operators of full TensorFlow. Source: TensorFlow Lite's `schema.fbs`;
"TensorFlow Lite Metadata", which lets files that belong to a model follow it as a zip archive.
"""

from __future__ import annotations

import re
from itertools import chain, islice

from assay.scanning.archives.zip_ends import has_directory
from assay.scanning.formats import old_pickle
from assay.scanning.parsers.flatbuffers import BudgetError, FlatError, Span, Table, root
from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.embedded import Hidden, imports_as_pickle, programs
from assay.scanning.scanners.file_places import Place, place_of
from assay.scanning.scanners.tflite.associated import first_member, judge_files
from assay.scanning.scanners.tflite.flex import PREFIX, judge_flex
from assay.scanning.scanners.tflite.model import (
    CUSTOM,
    Code,
    Subgraph,
    buffers,
    codes,
    external_files,
    metadata,
)
from assay.scanning.scanners.tflite.rules import RULES
from assay.scanning.scanners.tflite.triggers import find_triggers
from assay.scanning.subject import Answer, Buffer, Subject

__all__ = ["RULES", "TITLE", "scan"]
TITLE = "TensorFlow Lite"

_HEAD_BYTES = 1024
_SLACK_BYTES = 4096
_TEXT_BYTES = 64 * 1024
_MOST_WRONG = 16
_MOST_METADATA = 1000
_MOST_OPTIONS = 1000
_KNOWN = re.compile(
    r"TFLite_Detection_PostProcess|Convolution2DTransposeBias|MaxPoolingWithArgmax2D|"
    r"MaxUnpooling2D|Landmarks2TransformMatrix(?:V2)?|TransformLandmarks|TransformTensor\w*|"
    r"edgetpu-custom-op|ethos-u|DISPATCH_OP|CircularBuffer|Signal\w+|NumericVerify|Mfcc|"
    r"AudioSpectrogram|AudioMicrofrontend|RandomUniform|RandomStandardNormal|Multinomial|"
    r"TFSentencepiece\w+|TFText>\w+|tftext:[\w:]+|TfLiteSubgraphExecute|Roll|Atan2|IRFFT2D|"
    r"odml\.[\w.]+|aeq\.[\w.]+|PoolingWithArgmax2D|Unpooling2D|Ones|Densify|Resampler|"
    r"ReadVariable|AssignVariable|VarHandle|TreeEnsemble\w*"
)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a model, and what follows it."""
    end = len(data)
    if has_directory(data):
        end = first_member(data, subject)
        judge_files(data, end, subject, answer)
    try:
        model = root(data)
        _judge(model, data, subject, answer)
        _judge_end(data, model.reach, end, answer)
    except BudgetError as error:
        answer.unread(str(error))
    except FlatError as error:
        answer.find(RULES["tflite.bounds"], str(error), offset=error.offset)
        answer.unread(f"the model is broken at offset {error.offset}: {error}")
    proto = data[0] == op.PROTO and imports_as_pickle(data, subject)
    if proto or old_pickle(data, subject) is not None:
        answer.find(RULES["tflite.polyglot"], "a pickle from the first byte", offset=0)


def _judge(model: Table, data: Buffer, subject: Subject, answer: Answer) -> None:
    known = codes(model)
    spans = buffers(model)
    for name in external_files(model):
        if ".." in re.split(r"[\\/]", name) or place_of(name) not in (
            Place.RELATIVE,
            Place.NOWHERE,
        ):
            answer.find(RULES["tflite.external-path"], name, offset=model.at)
    _judge_buffers(model, data, spans, answer)
    hidden = Hidden(subject, answer)
    for number, held in enumerate(spans):
        if held is not None:
            hidden.judge(data, held.begin, held.begin + held.count, f"buffer {number}")
    texts: set[int] = set()
    for number, table in enumerate(model.tables(2)):
        subgraph = Subgraph(table, data, spans)
        for count, wrong in enumerate(chain(subgraph.wrong_indices(), subgraph.wrong_shapes())):
            if count < _MOST_WRONG:
                shown = f"{wrong} in subgraph {number}"
                answer.find(RULES["tflite.bounds"], shown, offset=table.at)
        find_triggers(subgraph, known, spans, answer)
        for operator in subgraph.operators:
            _judge_operator(operator, subgraph, known, texts, answer)


def _judge_buffers(model: Table, data: Buffer, spans: list[Span | None], answer: Answer) -> None:
    for number, span in enumerate(spans):
        if span is None:
            answer.find(RULES["tflite.bounds"], f"buffer {number} lies outside the file")
        elif span.count:
            head = bytes(data[span.begin : span.begin + min(span.count, _HEAD_BYTES)])
            program = executable(head)
            if program:
                shown = f"{program} in buffer {number}"
                answer.find(RULES["tflite.executable"], shown, offset=span.begin)
    for name, buffer in islice(metadata(model), _MOST_METADATA):
        span = spans[buffer] if buffer < len(spans) else None
        if span is None:
            answer.find(RULES["tflite.bounds"], f"buffer {buffer} for metadata {name}")
        elif span.count <= _TEXT_BYTES:
            _judge_text(data, span, name, answer)


def _judge_text(data: Buffer, span: Span, name: str, answer: Answer) -> None:
    found = acting(data, span.begin, span.begin + span.count)
    if found:
        answer.find(RULES["tflite.acting-text"], f"{name}: {found}", offset=span.begin)


def _judge_operator(
    operator: Table, subgraph: Subgraph, known: list[Code], texts: set[int], answer: Answer
) -> None:
    """Judge one operator; `texts` are the options that were looked at before."""
    index = operator.number(0, 4)
    if index >= len(known):
        shown = f"operator code {index} of {len(known)}"
        answer.find(RULES["tflite.bounds"], shown, offset=operator.at)
        return
    code = known[index]
    if code.builtin != CUSTOM:
        return
    if code.custom.startswith(PREFIX):
        options = operator.raw(5, _TEXT_BYTES)
        for judged in judge_flex(code.custom, options, subgraph.sources(operator)):
            shown, severity = judged.shown, judged.severity
            answer.find(RULES[judged.rule], shown, offset=operator.at, severity=severity)
        return
    rule = "tflite.known-operator" if _KNOWN.fullmatch(code.custom) else "tflite.custom-operator"
    answer.find(RULES[rule], code.custom or "without a name")
    span = operator.span(5)
    if span is None or span.count > _TEXT_BYTES or span.begin in texts:
        return
    if len(texts) < _MOST_OPTIONS:
        texts.add(span.begin)
        _judge_text(operator.data, span, f"options of {code.custom}", answer)


def _judge_end(data: Buffer, reach: int, end: int, answer: Answer) -> None:
    """What lies between the model and the archive behind it, or the end of the file."""
    if end <= reach:
        return
    for found in programs(data, reach, end):
        shown = f"{found.kind} behind the model"
        answer.find(RULES["tflite.executable"], shown, offset=found.offset)
    if end - reach > _SLACK_BYTES:
        shown = f"{end - reach} bytes"
        answer.find(RULES["tflite.appended"], shown, offset=reach)

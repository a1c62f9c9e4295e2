"""Formats of which little acts: tokenizers, engines, networks of small frameworks, raw numbers."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from assay.scanning.scanners.embedded import CUDA, programs
from scanning.container_making import COMMAND, ELF, judge
from scanning.flatbuffers_making import Number, Table, Tables, flatbuffer
from scanning.protobuf_making import blob, fixed32, message, number

CLEAN, SUSPICIOUS, MALICIOUS = Verdict.CLEAN, Verdict.SUSPICIOUS, Verdict.MALICIOUS
UNKNOWN = Verdict.UNKNOWN


def elf(machine: int = 62) -> bytes:
    """A header that holds together, for a machine."""
    header = bytearray(ELF)
    header[18:20] = machine.to_bytes(2, "little")
    header[52:54] = (64).to_bytes(2, "little")
    return bytes(header)


def pe() -> bytes:
    return b"MZ" + bytes(58) + struct.pack("<I", 128) + bytes(64) + b"PE\0\0" + bytes(20)


def test_programs_are_found_wherever_they_are_and_numbers_are_none() -> None:
    data = os.urandom(5000) + elf() + bytes(100) + pe() + bytes(50)
    assert {found.kind.split()[0] for found in programs(data)} == {"ELF", "Windows"}
    with memoryview(data) as view:
        assert [p.offset for p in programs(view)] == [p.offset for p in programs(data)]
    assert not list(programs(elf(CUDA), accelerators=False))
    assert not list(programs(b"MZ" * 100_000 + b"\x7fELF" * 1000))


def piece(text: str, kind: int = 1) -> bytes:
    return blob(1, message(blob(1, text), fixed32(2, 0xBF800000), number(3, kind)))


def sentencepiece(*more: bytes) -> bytes:
    pieces = [piece("<unk>", 2), piece("<s>", 3), piece("a"), piece("b")]
    trainer = blob(2, message(blob(1, "/data/corpus.txt"), number(4, 100)))
    return message(
        *pieces, trainer, blob(3, message(blob(1, "nmt_nfkc"), blob(2, b"\0" * 8))), *more
    )


@pytest.mark.parametrize("name", ["tokenizer.model", "spiece.model", "x.bin"])
def test_a_tokenizer_of_sentencepiece(name: str) -> None:
    judged = judge(sentencepiece(), name)
    assert (judged.family, judged.verdict) == ("sentencepiece", CLEAN), judged
    assert judge(sentencepiece(blob(9, b"x" * 40)), name).rules == {"sentencepiece.unknown-field"}
    assert judge(sentencepiece(blob(3, blob(2, elf()))), name).verdict is MALICIOUS
    for size in range(24, len(sentencepiece()), 3):
        cut = judge(sentencepiece()[:size], name)
        assert cut.verdict is not CLEAN or sentencepiece().startswith(sentencepiece()[:size])


@pytest.mark.parametrize("mark", [b"ptrt", b"ftrt", b"RKNN\0\0\0\0"])
def test_compiled_models(mark: bytes) -> None:
    body = mark + bytes(200) + elf(CUDA) + bytes(64)
    judged = judge(body, "model.engine")
    assert (judged.verdict, judged.rules - {"file.other-format"}) == (CLEAN, {"compiled.opaque"})
    assert "compiled.host-code" in judge(body + elf(), "model.engine").rules
    assert "compiled.host-code" in judge(body + pe() + bytes(99), "model.engine").rules
    named = judge(body + b"\0/tmp/libplugin.so\0", "model.engine")
    assert named.verdict is MALICIOUS
    assert any("/tmp/libplugin.so" in finding.evidence for finding in named.findings)
    assert judge(body + b"\0import os; os.system('id')\0", "m.plan").verdict is MALICIOUS
    for runtime in (b"libnvinfer_plugin.so.10", b"/usr/lib/x86_64-linux-gnu/libnvinfer.so.8"):
        assert judge(body + b"\0" + runtime + b"\0", "m.plan").verdict is SUSPICIOUS
    for path in (b"\\\\host\\share\\p.dll", b"../../libp.so", b"/opt/x/libp.so"):
        assert judge(body + b"\0" + path + b"\0", "m.plan").verdict is MALICIOUS, path
    assert judge(body + b"a" * 100_000 + b".sox is no library", "m.plan").verdict is CLEAN


def layer(kind: str, *more: bytes) -> bytes:
    return blob(100, message(blob(1, "l"), blob(2, kind), blob(3, "in"), *more))


@pytest.mark.parametrize(
    ("layers", "verdict", "rule"),
    [
        ([layer("Convolution", blob(7, blob(5, bytes(16)))), layer("ReLU")], CLEAN, ""),
        ([layer("Python", blob(130, message(blob(1, "evil"), blob(2, "L"))))], MALICIOUS, "caffe.python-layer"),
        ([layer("HDF5Output", blob(113, blob(1, "/tmp/x")))], SUSPICIOUS, "caffe.writes-file"),
        ([layer("Data", blob(107, blob(1, "/data/train_lmdb")))], CLEAN, ""),
        ([layer("HDF5Data", blob(112, blob(1, "/etc/passwd")))], MALICIOUS, "caffe.path"),
    ],
)  # fmt: skip
def test_caffe(layers: list[bytes], verdict: Verdict, rule: str) -> None:
    judged = judge(message(blob(1, "net"), *layers), "m.caffemodel")
    assert (judged.family, judged.verdict, judged.rules) == ("caffe", verdict, {rule} - {""})


PROTOTXT = 'name: "net"\ninput: "data"\ninput_dim: 1\nlayer {{ name: "l" type: "{}" {} }}\n'


@pytest.mark.parametrize(
    ("kind", "more", "verdict"),
    [
        ("Convolution", "convolution_param { num_output: 4 }", CLEAN),
        ("Python", 'python_param { module: "evil" layer: "L" }', MALICIOUS),
        ("Data", 'data_param { source: "/data/lmdb" }', CLEAN),
        ("Data", 'data_param { source: "/etc/shadow" }', MALICIOUS),
        ("HDF5Output", "", SUSPICIOUS),
    ],
)
def test_caffe_in_text(kind: str, more: str, verdict: Verdict) -> None:
    judged = judge(PROTOTXT.format(kind, more).encode(), "deploy.prototxt")
    assert (judged.family, judged.verdict) == ("caffe-text", verdict), judged


def entry(key: str, value: bytes) -> bytes:
    return blob(2, message(blob(1, key), blob(2, value)))


def text_of(text: str) -> bytes:
    return message(number(2, 6), blob(8, text))


def cntk(*inner: bytes) -> bytes:
    function = message(number(1, 1), *inner)
    vector = message(number(2, 9), blob(11, blob(1, message(number(2, 10), blob(12, function)))))
    return message(
        number(1, 1), entry("type", text_of("CompositeFunction")), entry("version", number(5, 1)),
        entry("root", text_of("Plus1")), entry("primitive_functions", vector),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("inner", "verdict", "rule"),
    [
        ([entry("type", text_of("PrimitiveFunction")), entry("op", number(5, 3))], CLEAN, ""),
        (
            [entry("module", text_of("evil")), entry("deserialize_method", text_of("make"))],
            MALICIOUS,
            "cntk.user-function",
        ),
        ([entry("type", text_of("NativeUserDefinedFunction"))], SUSPICIOUS, "cntk.native-function"),
        ([entry("name", text_of("os.system('id') #"))], SUSPICIOUS, "cntk.acting-text"),
    ],
)
def test_cntk(inner: list[bytes], verdict: Verdict, rule: str) -> None:
    judged = judge(cntk(*inner), "model.dnn")
    assert (judged.family, judged.verdict, judged.rules) == ("cntk", verdict, {rule} - {""})


def test_cntk_before_version_2() -> None:
    plain = "BCN\0BVersion\0".encode("utf-16-le") + bytes(40)
    assert judge(plain, "m.dnn").verdict is CLEAN
    users = plain + "UserDefinedV2FunctionNode".encode("utf-16-le")
    assert judge(users, "m.dnn").verdict is MALICIOUS


class Lua:
    """Writes objects as Lua's `torch.save` does."""

    def __init__(self) -> None:
        self.index = 0

    def text(self, text: str) -> bytes:
        return struct.pack("<ii", 2, len(text)) + text.encode()

    def table(self, *pairs: tuple[bytes, bytes]) -> bytes:
        self.index += 1
        head = struct.pack("<iii", 3, self.index, len(pairs))
        return head + b"".join(key + value for key, value in pairs)

    def torch(self, name: str, body: bytes) -> bytes:
        self.index += 1
        version = struct.pack("<i", 3) + b"V 1"
        return (
            struct.pack("<ii", 4, self.index)
            + version
            + struct.pack("<i", len(name))
            + name.encode()
            + body
        )

    def function(self, code: bytes, upvalues: bytes) -> bytes:
        self.index += 1
        return struct.pack("<iii", 8, self.index, len(code)) + code + upvalues


def lua(value: bytes) -> bytes:
    return struct.pack("<iii", 3, 1, 1) + struct.pack("<ii", 2, 1) + b"k" + value


def test_torch7() -> None:
    writer = Lua()
    writer.index = 1
    tensor = writer.torch("torch.FloatTensor", struct.pack("<iqqq", 1, 2, 1, 1))
    storage = writer.torch("torch.FloatStorage", struct.pack("<q2f", 2, 1, 2))
    judged = judge(lua(tensor + storage), "model.t7")
    assert (judged.family, judged.verdict) == ("torch7", CLEAN), judged
    module = writer.torch("nn.Linear", struct.pack("<iii", 3, 90, 0))
    assert judge(lua(module), "model.t7").verdict is CLEAN
    code = judge(lua(writer.function(b"\x1bLJ\x02" + bytes(30), struct.pack("<i", 0))), "model.t7")
    assert code.rules == {"torch7.function"}
    assert code.verdict is MALICIOUS
    hidden = judge(lua(writer.text("\x1bLua" + "x" * 20)), "model.t7")
    assert hidden.rules == {"torch7.function"}
    assert judge(lua(writer.text("os.execute")) + b"tail", "model.t7").verdict is UNKNOWN


NCNN = (
    "7767517\n3 3\nInput  data 0 1 data 0=4\n{}  c 1 1 data out 0=8 1=3\nSoftmax s 1 1 out prob\n"
)


@pytest.mark.parametrize(
    ("kind", "verdict"), [("Convolution", CLEAN), ("ReLU", CLEAN), ("EvilLayer", SUSPICIOUS)]
)
def test_ncnn(kind: str, verdict: Verdict) -> None:
    judged = judge(NCNN.format(kind).encode(), "model.param")
    assert (judged.family, judged.verdict) == ("ncnn-text", verdict)
    assert judge(NCNN.format("\n;;\n").encode(), "model.param").verdict is UNKNOWN


def test_ncnn_in_numbers() -> None:
    rows = [7767517, 2, 2, 16, 0, 1, 0, 0, 4, -233, 6, 1, 1, 0, 1, 0, 8, -23310, 2, 5, 6, -233]
    data = struct.pack(f"<{len(rows)}i", *rows)
    assert judge(data, "m.param.bin").verdict is CLEAN
    rows[10] = 256 | 3
    assert judge(struct.pack(f"<{len(rows)}i", *rows), "m.param.bin").verdict is SUSPICIOUS


def mnn(kind: int, path: str = "") -> bytes:
    operator = {3: "op", 5: Number(kind), **({7: path} if path else {}), 2: Table({0: "Evil"})}
    return flatbuffer(Table({0: "biz", 3: Tables([Table(operator)] * 3)}))


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (mnn(12), CLEAN),
        (mnn(512), SUSPICIOUS),
        (mnn(256), SUSPICIOUS),
        (mnn(12, "../../w"), MALICIOUS),
        (mnn(12) + elf(), MALICIOUS),
    ],
)
def test_mnn(data: bytes, verdict: Verdict) -> None:
    judged = judge(data, "model.mnn")
    assert (judged.family, judged.verdict) == ("mnn", verdict), judged


def test_darknet() -> None:
    text = b"[net]\n# note\nbatch=1\nlearning_rate=0.001\n\n[convolutional]\nfilters=16\nactivation=leaky\n"
    judged = judge(text, "yolo.cfg")
    assert (judged.family, judged.verdict) == ("darknet-text", CLEAN)
    assert judge(text + b"os.system('id')\n", "yolo.cfg").verdict is UNKNOWN
    weights = struct.pack("<iiiq", 0, 2, 5, 32013312) + os.urandom(400)
    judged = judge(weights, "yolo.weights")
    assert (judged.family, judged.verdict) == ("darknet", CLEAN)


def test_raw_numbers_are_told_from_what_is_packed() -> None:
    singles = struct.pack("<2000f", *(i / 997 - 1 for i in range(2000)))
    halves = struct.pack("<2000e", *(i / 997 - 1 for i in range(2000)))
    for data in (singles, halves):
        judged = judge(data, "model.bin")
        assert (judged.family, judged.verdict) == ("raw-numbers", CLEAN)
    assert judge(os.urandom(8000), "model.bin").verdict is UNKNOWN
    assert judge(os.urandom(8000), "openvino_model.bin").verdict is CLEAN
    assert judge(singles + elf(), "model.bin").rules == {"raw-numbers.executable"}
    assert judge(COMMAND, "model.bin").family == "pickle"


def mojo(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name.replace("__", "/").replace("_", ".", 1)), body)
    return out.getvalue()


def test_mojo() -> None:
    ini = b"[info]\nalgorithm = gbm\nn_trees = 1\n\n[columns]\nx\ny\n\n[domains]\n1: 2 d000.txt\n"
    good = mojo(model_ini=ini, domains__d000_txt=b"a\nb\n")
    assert judge(good, "model.zip").verdict is CLEAN, judge(good, "model.zip")
    assert judge(mojo(model_ini=ini, lib_so=elf()), "model.zip").verdict is MALICIOUS
    assert judge(mojo(model_ini=ini, x_pkl=b"\x80\x02" + COMMAND), "model.zip").verdict is MALICIOUS


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("org.apache.spark.ml.classification.LogisticRegressionModel", CLEAN),
        ("com.johnsnowlabs.nlp.DocumentAssembler", CLEAN),
        ("evil.Stage", SUSPICIOUS),
    ],
)
def test_spark(name: str, verdict: Verdict) -> None:
    row = {"class": name, "timestamp": 1, "sparkVersion": "3.5.0", "uid": "u", "paramMap": {}}
    assert judge(json.dumps(row).encode(), "metadata/part-00000").verdict is verdict


def test_checksums_of_hadoop() -> None:
    judged = judge(b"crc\0" + struct.pack(">I", 512) + bytes(8), "metadata/.part-00000.crc")
    assert (judged.family, judged.verdict) == ("spark-checksums", CLEAN)


SAMPLES = (
    sentencepiece(),
    message(blob(1, "net"), layer("Python")),
    cntk(),
    mnn(512),
    lua(bytes(4)),
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_change_of_a_byte_is_answered(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert (
        judge(bytes(raw), data.draw(st.sampled_from(["m.mnn", "m.t7", "m.bin"]))).verdict in Verdict
    )

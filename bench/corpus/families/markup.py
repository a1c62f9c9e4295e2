"""OpenVINO and PMML: XML with entities, and what their own elements can name."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.corpus.unit import Family, Unit
from bench.corpus.writers import binaries, safetensors
from bench.corpus.writers import opcodes as op

VINO = Family("openvino", "OpenVINO runtime, XML readers")
PMML = Family("pmml", "pypmml, JPMML, XML readers")
LOL = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "lol"}">' for i in range(10))
DOCTYPES = {
    "billion-laughs": f"<!DOCTYPE r [{LOL}]>|&l9;",
    "quadratic": f'<!DOCTYPE r [<!ENTITY a "{"a" * 20000}">]>|{"&a;" * 5000}',
    "external-file": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>|&x;',
    "external-http": '<!DOCTYPE r [<!ENTITY x SYSTEM "http://example.invalid/x">]>|&x;',
    "external-dtd": '<!DOCTYPE r SYSTEM "http://example.invalid/e.dtd">|',
    "public-dtd": '<!DOCTYPE r PUBLIC "-//X//EN" "http://example.invalid/e.dtd">|',
    "parameter-entity": '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://example.invalid/p.dtd"> %p;]>|',
}


INPUTS = {"Parameter": 0, "Const": 0, "MatMul": 2, "Concat": 2}
DIMS = "<dim>4</dim><dim>4</dim>"


def layer(number: int, kind: str, data: str = "", version: str = "opset1", name: str = "") -> str:
    count = INPUTS.get(kind, 1)
    ports = "".join(f'<port id="{i}" precision="FP32">{DIMS}</port>' for i in range(count))
    into = f"<input>{ports}</input>" if count else ""
    out = f'<output><port id="{count}" precision="FP32">{DIMS}</port></output>'
    body = data + into + ("" if kind == "Result" else out)
    head = f'id="{number}" name="{name or kind.lower()}_{number}" type="{kind}" version="{version}"'
    return f"<layer {head}>{body}</layer>"


def vino(*layers: str, before: str = "", info: str = "", text: str = "") -> str:
    """A model whose layers take what the layers before them left over."""
    edges, ready = "", list[tuple[int, int]]()
    for number, one in enumerate(layers):
        count = INPUTS.get(one.split('type="')[1].split('"')[0], 1)
        for port, (source, out) in enumerate(ready[-count:] if count else []):
            edges += f'<edge from-layer="{source}" from-port="{out}" to-layer="{number}" to-port="{port}"/>'
        ready = [*ready[: len(ready) - count], (number, count)]
    return (
        f'<?xml version="1.0"?>\n{before}<net name="model{text}" version="11"><layers>{"".join(layers)}</layers>'
        f'<edges>{edges}</edges><rt_info><MO_version value="2024.1.0"/>{info}</rt_info></net>\n'
    )


def const(offset: object, size: object) -> str:
    return f'<data element_type="f32" shape="4, 4" offset="{offset}" size="{size}"/>'


TURN = '<data transpose_a="false" transpose_b="false"/>'
PARAMETER = layer(0, "Parameter", '<data shape="4,4" element_type="f32"/>')


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _vino(rng)
    yield from _pmml(rng)


def _vino(rng: random.Random) -> Iterator[Unit]:
    weights = safetensors.floats(rng, 16)
    plain = [
        PARAMETER,
        layer(1, "Const", const(0, 64)),
        layer(2, "MatMul", TURN),
        layer(3, "Result"),
    ]

    def bad(
        technique: str, variant: str, xml: str, payload: str, body: bytes = weights, **more: object
    ) -> Unit:
        files = {
            "model.xml": xml,
            "model.bin": body,
            **{k.replace("__", "."): v for k, v in more.items()},
        }
        return VINO.bad(technique, variant, files, payload=payload)

    for variant, spec in DOCTYPES.items():
        before, _, text = spec.partition("|")
        yield bad(
            "xml-entity",
            variant,
            vino(*plain, before=before, text=text),
            "expands or reads another file",
        )
    extension = layer(1, "EvilOp", '<data library="/tmp/libevil.so"/>', "extension")
    yield bad(
        "extension-library",
        "layer-data",
        vino(PARAMETER, extension, layer(2, "Result")),
        "names a native library",
    )
    info = '<extension_path value="../libcustom_extension.so"/>'
    yield bad(
        "extension-library",
        "rt-info",
        vino(*plain, info=info),
        "names a native library",
        libcustom__so=binaries.elf(b"x"),
    )
    for variant, (offset, size) in {
        "beyond": (1 << 40, 64),
        "negative": (-8, 64),
        "huge": (0, 1 << 60),
        "wrap": ((1 << 64) - 8, 64),
    }.items():
        xml = vino(PARAMETER, layer(1, "Const", const(offset, size)), layer(2, "Result"))
        yield bad("bounds", variant, xml, "reads outside its buffer")
    elf = binaries.elf(b"execve")
    yield bad("executable-in-weights", "elf", vino(*plain), "carries code", elf)
    evil = op.pickle4(op.call(op.stacked("os", "system"), op.text("true")))
    yield bad("disguised", "pickle-bin", vino(*plain), "a pickle as weights", evil.ljust(64, b"\0"))
    deep = layer(1, "If", "<then_body>" * 5000 + "</then_body>" * 5000)
    yield bad("xml-depth", "nested", vino(PARAMETER, deep), "exhausts the reader's stack")
    kernel = '<CustomLayer name="Evil" type="SimpleGPU" version="1"><Kernel entry="k"><Source filename="../../../etc/passwd"/></Kernel></CustomLayer>'
    yield VINO.bad(
        "custom-kernel",
        "traversal",
        {"custom_layers.xml": kernel},
        payload="reads outside the folder",
    )

    def good(variant: str, xml: str, body: bytes = weights) -> Unit:
        return VINO.good("model", variant, {"model.xml": xml, "model.bin": body})

    yield good("dense", vino(*plain))
    yield good(
        "shared-constant",
        vino(
            PARAMETER,
            layer(1, "Const", const(0, 64)),
            layer(2, "MatMul", TURN),
            layer(3, "Const", const(0, 64)),
            layer(4, "MatMul", TURN),
            layer(5, "Result"),
        ),
    )
    yield good(
        "opset-extension",
        vino(
            PARAMETER, layer(1, "PagedAttentionExtension", version="extension"), layer(2, "Result")
        ),
    )
    tokenizer = layer(1, "SpecialTokensSplit", version="extension")
    yield good(
        "tokenizer", vino(PARAMETER, tokenizer, layer(2, "VocabDecoder", version="extension"))
    )
    yield good(
        "conversion-info",
        vino(
            *plain,
            info='<conversion_parameters><input_model value="DIR/model.onnx"/><is_python_api_used value="True"/></conversion_parameters>',
        ),
    )
    body = "<body><layers>" + PARAMETER + layer(1, "Result") + "</layers><edges/></body>"
    yield good("loop", vino(PARAMETER, layer(1, "TensorIterator", body), layer(2, "Result")))
    yield good(
        "comments", "<?xml version='1.0'?>\n<!-- exported -->\n" + vino(*plain).split("\n", 1)[1]
    )


def pmml(body: str, before: str = "", text: str = "", dictionary: str = "") -> str:
    fields = '<DataField name="x" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="double"/>'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{before}<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">'
        f'<Header copyright="me{text}"><Application name="SkLearn2PMML" version="0.100"/><Timestamp>2024-01-01</Timestamp></Header>'
        f"<DataDictionary>{fields}</DataDictionary>{dictionary}{body}</PMML>\n"
    )


SCHEMA = (
    '<MiningSchema><MiningField name="y" usageType="target"/><MiningField name="x"/></MiningSchema>'
)
REGRESSION = f'<RegressionModel functionName="regression">{SCHEMA}<RegressionTable intercept="0.5"><NumericPredictor name="x" coefficient="2"/></RegressionTable></RegressionModel>'


def derived(function: str, argument: str = "x") -> str:
    return f'<TransformationDictionary><DerivedField name="d" optype="continuous" dataType="double"><Apply function="{function}">{argument}</Apply></DerivedField></TransformationDictionary>'


def _pmml(rng: random.Random) -> Iterator[Unit]:
    def bad(
        technique: str,
        variant: str,
        xml: str,
        payload: str = "runs or reads on load",
        expect: str = "malicious",
    ) -> Unit:
        return PMML.bad(technique, variant, {"model.pmml": xml}, payload=payload, expect=expect)  # type: ignore[arg-type]

    for variant, spec in DOCTYPES.items():
        before, _, text = spec.partition("|")
        yield bad(
            "xml-entity", variant, pmml(REGRESSION, before, text), "expands or reads another file"
        )
    constant = '<Constant dataType="string">touch corpus-marker</Constant>'
    yield bad(
        "java-function",
        "runtime",
        pmml(REGRESSION, dictionary=derived("java.lang.Runtime.exec", constant)),
    )
    yield bad(
        "java-function",
        "own-class",
        pmml(REGRESSION, dictionary=derived("com.evil.Exploit")),
        expect="suspicious",
    )
    script = '<Extension extender="script" name="python" value="eval"><script language="javascript">java.lang.Runtime.getRuntime().exec("true")</script></Extension>'
    yield bad("extension-script", "javascript", pmml(REGRESSION, dictionary=script))
    code = "<Extension name=\"onLoad\" value=\"__import__('os').system('true')\"/>"
    yield bad("extension-script", "python", pmml(REGRESSION, dictionary=code))
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    yield bad("xinclude", "file", pmml(REGRESSION, dictionary=include), "reads another file")
    locator = '<TransformationDictionary><DerivedField name="d" optype="categorical" dataType="string"><MapValues outputColumn="o"><TableLocator><Extension name="url" value="file:///etc/passwd"/></TableLocator></MapValues></DerivedField></TransformationDictionary>'
    yield bad(
        "table-locator",
        "file",
        pmml(REGRESSION, dictionary=locator),
        "reads another file",
        "suspicious",
    )
    sheet = '<?xml-stylesheet type="text/xsl" href="http://example.invalid/x.xsl"?>'
    yield bad(
        "stylesheet", "remote", pmml(REGRESSION, sheet), "fetches a style sheet", "suspicious"
    )

    def good(variant: str, xml: str) -> Unit:
        return PMML.good("model", variant, {"model.pmml": xml})

    yield good("regression", pmml(REGRESSION))
    tree = f'<TreeModel functionName="classification">{SCHEMA}<Node score="a"><True/><Node score="b"><SimplePredicate field="x" operator="lessThan" value="{rng.random():.3f}"/></Node></Node></TreeModel>'
    yield good("tree", pmml(tree))
    cluster = f'<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="2">{SCHEMA}<ComparisonMeasure kind="distance"><squaredEuclidean/></ComparisonMeasure></ClusteringModel>'
    yield good("cluster", pmml(cluster))
    yield good(
        "functions", pmml(REGRESSION, dictionary=derived("x-log10", '<FieldRef field="x"/>'))
    )
    define = '<TransformationDictionary><DefineFunction name="scale" optype="continuous"><ParameterField name="v"/><Apply function="/"><FieldRef field="v"/><Constant>2</Constant></Apply></DefineFunction></TransformationDictionary>'
    yield good("define-function", pmml(REGRESSION, dictionary=define))
    yield good(
        "extension",
        pmml(REGRESSION, dictionary='<Extension extender="spark" name="version" value="3.5"/>'),
    )
    yield good(
        "mining",
        pmml(
            f'<MiningModel functionName="regression">{SCHEMA}<Segmentation multipleModelMethod="sum"><Segment id="1"><True/>{REGRESSION}</Segment></Segmentation></MiningModel>'
        ),
    )
    vectors = f'<SupportVectorMachineModel functionName="classification">{SCHEMA}<RadialBasisKernelType gamma="0.1"/></SupportVectorMachineModel>'
    yield good("vectors", pmml(vectors))
    yield good("entities", pmml(REGRESSION, text=" &amp; co &lt;me&gt; &#169;"))
    yield good(
        "cdata",
        pmml(REGRESSION, dictionary='<Extension name="note"><![CDATA[a < b && c]]></Extension>'),
    )

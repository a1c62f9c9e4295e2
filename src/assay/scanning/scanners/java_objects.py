"""Serialized Java objects, as Weka and older JVM libraries store models.

Reading such a stream makes objects of every class it names and runs what they do when they
are read. Names of class descriptors are compared; nothing else of the stream is interpreted.
Source: Java Object Serialization Specification, 6.4; the gadget classes of public chains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.core.finding import Confidence, Severity
from assay.scanning.references import LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.subject import Answer, Buffer, Subject

_DESCRIPTOR = re.compile(rb"r\x00([\x01-\xff])([A-Za-z_$\[][\w$.\[;/]{0,254})", re.DOTALL)
_PLAIN = re.compile(
    r"\[*(?:[BCDFIJSZ]|L?(?:java\.(?:lang|util|math|time|text)|weka|hex|org\.jpmml|org\.dmg\.pmml|"
    r"org\.nd4j|org\.deeplearning4j|org\.apache\.spark\.(?:ml|mllib)|scala|breeze|smile|moa|"
    r"mulan|cc\.mallet|edu\.stanford\.nlp|opennlp|ai\.libs|org\.tribuo|com\.oracle\.labs)\b.*)"
)
_GADGETS = re.compile(
    r"InvokerTransformer|ChainedTransformer|InstantiateTransformer|ConstantTransformer|LazyMap|"
    r"TiedMapEntry|TransformedMap|TemplatesImpl|TransformingComparator|BeanComparator|"
    r"AnnotationInvocationHandler|BadAttributeValueExpException|MethodClosure|ConvertedClosure|"
    r"ProxyLazyValue|JdbcRowSetImpl|PriorityQueue\$|ObjectFactory|JndiObjectFactory|"
    r"UnicastRef|RemoteObjectInvocationHandler|ScriptEngineManager|ProcessBuilder|"
    r"java\.lang\.Runtime|URLClassLoader|java\.net\.URL\b|HotSwappableTargetSource|"
    r"SerializableTypeWrapper|DiskFileItem|C3P0|PoolBackedDataSource|SignedObject|"
    r"javax\.naming|javax\.management|com\.sun\.|sun\.rmi|java\.rmi|bsh\.|clojure\.|"
    r"org\.mozilla\.javascript|org\.codehaus\.groovy"
)
_BYTES = 256 * 1024 * 1024
_MOST = 100_000
_SHOWN = 5

TITLE = "Java objects"
RULES = table(
    (
        Rule(
            "java.gadget",
            "A class that acts when it is read",
            Severity.CRITICAL,
            Confidence.HIGH,
            "The stream names a class of a public chain that runs commands while it is read.",
            "Do not load the file.",
            LOADS_CODE,
        ),
        Rule(
            "java.unknown-class",
            "Objects of classes nobody knows",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "Reading the stream makes objects of these classes, and runs what they do when they "
            "are read.",
            "Ask what the classes are, or for a format that holds data only.",
            LOADS_CODE,
        ),
    )
)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge the classes the stream names."""
    del subject
    if len(data) > _BYTES:
        answer.unread(f"a stream of Java objects of over {_BYTES} bytes")
        return
    unknown: dict[str, int] = {}
    for count, (at, name) in enumerate(_classes(bytes(data))):
        if count == _MOST:
            answer.unread("more classes than the budget")
            return
        if _GADGETS.search(name):
            answer.find(RULES["java.gadget"], name, offset=at)
        elif not _PLAIN.fullmatch(name):
            unknown.setdefault(name, at)
    if unknown:
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        shown = f"{', '.join(list(unknown)[:_SHOWN])}{more}"
        answer.find(RULES["java.unknown-class"], shown, offset=min(unknown.values()))


def _classes(raw: bytes) -> Iterator[tuple[int, str]]:
    """Names of class descriptors, each where its length says it ends."""
    for found in _DESCRIPTOR.finditer(raw):
        length = found.group(1)[0]
        name = found.group(2)[:length]
        if len(name) == length and (b"." in name or name[:1] == b"["):
            yield found.start(), name.decode("ascii", "replace")

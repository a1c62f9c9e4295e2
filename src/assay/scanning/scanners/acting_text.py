"""Text inside a model that is written to be run: commands and calls, not words about them.

A pattern wants the call with what it is given, so that a vocabulary with the words `eval` and
`os.system` in it, or a description that mentions them, is no finding.
"""

from __future__ import annotations

import base64
import binascii
import re

from assay.scanning.pickle.executables import executable
from assay.scanning.subject import Buffer

_SHOWN_BYTES = 120
_BEFORE_BYTES = 24
_LONGEST_BYTES = 16 * 1024 * 1024
_SHORTEST_CODE = 64
_PYTHON = (
    rb"""__import__\s*\(\s*['"]""",
    rb"""\b(?:os|posix|nt|pty)\s*\.\s*(?:system|popen|exec[lv]p?e?|spawn\w*|startfile)\s*\(""",
    rb"""\bsubprocess\s*\.\s*(?:run|call|check_call|check_output|Popen|get\w*output)\s*\(""",
    rb"""\b(?:eval|exec)\s*\(\s*(?:compile|base64|bytes|codecs|zlib|marshal|__import__|open|input)\b""",
    rb"""\b(?:eval|exec)\s*\(\s*(?:requests|urllib|b64decode|bytearray|getattr)\b""",
    rb"""\b(?:pickle|marshal|dill|cloudpickle)\s*\.\s*loads?\s*\(\s*[\w'"]""",
    rb"""__(?:subclasses|globals|builtins|mro|bases)__\s*[\[(.]""",
    rb"""\bctypes\s*\.\s*(?:CDLL|cdll|windll|WinDLL|PyDLL)\b""",
    rb"""\b(?:dlopen|LoadLibrary[AW]?)\s*\(\s*['"]""",
    rb"""\bimportlib\s*\.\s*import_module\s*\(\s*['"]""",
    rb"""\bsocket\s*\.\s*socket\s*\(""",
    rb"""\bshutil\s*\.\s*rmtree\s*\(""",
    rb"""\burl(?:open|retrieve)\s*\(\s*['"]""",
    rb"""\brequests\s*\.\s*(?:get|post|put)\s*\(\s*f?['"]""",
    rb"""\bimport\s+(?:os|subprocess|socket|pty|ctypes)\s*;""",
)
_SHELL = (
    rb"""/bin/(?:ba|z|da|k|c)?sh\s+-[a-z]*[ci]\b""",
    rb"""\b(?:curl|wget)\s[^\n|;]{0,300}\|\s*(?:sudo\s+)?(?:ba|z|da|k)?sh\b""",
    rb"""\b(?:ba|z|da|k)?sh\s+-c\s+['"]""",
    rb"""/dev/tcp/[\w.]""",
    rb"""\bpowershell(?:\.exe)?\s+-\w""",
    rb"""\bcmd(?:\.exe)?\s+/c\s""",
    rb"""\brm\s+-(?:rf|fr|r|f)\s+[/~$.*]""",
    rb"""\bbase64\s+(?:-d|-D|--decode)\b""",
    rb"""\bchmod\s+(?:\+x|[0-7]{3,4})\s+[/~.\w]""",
    rb"""\bnc(?:at)?\s+(?:-\w+\s+)*-e\s""",
    rb"""<script[\s>]""",
)
_ACTS = re.compile(b"|".join((*_PYTHON, *_SHELL)))
_SHEBANG = re.compile(rb"#!\s*/(?:usr|bin|opt)/")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}\s*\Z")


def acting(data: Buffer, begin: int = 0, end: int | None = None) -> str | None:
    """What in these bytes is written to be run, with a little of what is around it.

    Args:
        data: A buffer that holds text.
        begin: Offset of the text.
        end: Offset behind it; at most 16 MiB are looked at.

    Returns:
        The place for a finding's evidence, or None.
    """
    end = len(data) if end is None else end
    end = min(end, begin + _LONGEST_BYTES)
    found = _ACTS.search(data, begin, end) or _SHEBANG.match(data, begin, end)
    if found is not None:
        first = max(begin, found.start() - _BEFORE_BYTES)
        return bytes(data[first : min(end, first + _SHOWN_BYTES)]).decode("utf-8", "replace")
    return _encoded(data, begin, end)


def _encoded(data: Buffer, begin: int, end: int) -> str | None:
    """The same for a text that is nothing but Base64."""
    if end - begin < _SHORTEST_CODE or not _BASE64.fullmatch(data, begin, end):
        return None
    raw = bytes(data[begin:end]).strip().translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        content = base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except binascii.Error:
        return None
    program = executable(content[:1024])
    if program:
        return f"{program} in Base64"
    found = _ACTS.search(content)
    return f"Base64 of {content[:_SHOWN_BYTES].decode('utf-8', 'replace')}" if found else None

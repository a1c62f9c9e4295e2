"""Source code in other languages than Python: judged by the few words that matter.

Sources that must be built before they act are only looked at for what makes building or loading
them an attack; languages that run from their text are looked at for what starts programs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assay.core.finding import Confidence, References, Severity
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.shell_commands import Grade, judge_command
from assay.scanning.subject import Answer, Buffer, Subject

_REFERENCES = References(
    ("AML.T0011.000", "AML.T0010.003"), ("T1059", "T1027"), ("CWE-506",), ("LLM03:2025",)
)

TITLE = "Code in other languages"
RULES = table(
    (
        Rule(
            "source.hostile",
            "Code that does what no model needs",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The code runs text it decodes or downloads, gives commands to a shell that attacks "
            "are made of, or sends private data away.",
            "Do not build or run the file.",
            _REFERENCES,
        ),
        Rule(
            "source.starts-programs",
            "Code that starts other programs",
            Severity.LOW,
            Confidence.MEDIUM,
            "The code starts other programs when it runs.",
            "Read the code before building or running it.",
            _REFERENCES,
        ),
        Rule(
            "source.at-load",
            "Code that runs when a library is loaded",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A function is marked to run as soon as the library is loaded, and starts programs or "
            "reaches the network.",
            "Read the code before building it.",
            _REFERENCES,
        ),
        Rule(
            "source.hidden-unicode",
            "Code that shows in another order than it runs",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The code holds characters that reverse the direction of what follows, so that a "
            "reader sees another program than the compiler.",
            "Look at the file in an editor that shows control characters.",
            _REFERENCES,
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Language:
    """What to look for in a language.

    Attributes:
        endings: Names it goes by.
        hostile: What no honest program holds.
        starts: What starts other programs.
    """

    endings: tuple[str, ...]
    hostile: re.Pattern[str]
    starts: re.Pattern[str]


def _words(endings: str, hostile: str, starts: str) -> Language:
    flags = re.IGNORECASE
    return Language(tuple(endings.split()), re.compile(hostile, flags), re.compile(starts, flags))


_LANGUAGES = (
    _words(
        ".js .mjs .cjs .ts .jsx .tsx .jse",
        r"\beval\s*\(\s*(?:atob|Buffer\.from|unescape|decodeURIComponent|String\.fromCharCode)|"
        r"new\s+Function\s*\(\s*(?:atob|Buffer\.from|String\.fromCharCode)|"
        r"(?:child_process|exec(?:Sync|File)?|spawn(?:Sync)?)\b[\s\S]{0,200}?(?:curl|wget|powershell"
        r"|/bin/(?:ba)?sh|cmd\.exe)|"
        r"process\.env\b[^;\n]{0,200}?(?:https?\.request|fetch\s*\(|axios)|"
        r"(?:fetch|axios(?:\.post)?|https?\.request)\s*\([\s\S]{0,300}?process\.env(?![\w.\[])",
        r"require\s*\(\s*['\"](?:node:)?child_process|from\s+['\"](?:node:)?child_process",
    ),
    _words(
        ".rb",
        r"\beval\s*\(?\s*(?:Base64|\[?['\"][A-Za-z0-9+/=]{40,}|open\s*\(\s*['\"]https?|Net::HTTP)|"
        r"TCPSocket\.(?:new|open)[\s\S]{0,300}?(?:exec|popen|`)",
        r"\b(?:system|exec|spawn|IO\.popen)\s*\(?\s*['\"]|%x[({\[]",
    ),
    _words(
        ".pl .pm",
        r"\beval\s*\(?\s*(?:decode_base64|unpack|pack)|use\s+Socket[\s\S]{0,600}?exec|"
        r"IO::Socket[\s\S]{0,600}?(?:exec|system)",
        r"\b(?:system|exec)\s*\(?\s*['\"]|\bqx[/({\[]",
    ),
    _words(
        ".php .phtml",
        r"\b(?:eval|assert)\s*\(\s*(?:base64_decode|gzinflate|gzuncompress|str_rot13|\$_(?:GET|POST|"
        r"REQUEST|COOKIE))|\b(?:system|exec|passthru|shell_exec)\s*\(\s*\$_(?:GET|POST|REQUEST)|"
        r"fsockopen\s*\([\s\S]{0,300}?(?:exec|proc_open)",
        r"\b(?:system|exec|passthru|shell_exec|proc_open|popen)\s*\(",
    ),
    _words(
        ".lua",
        r"\b(?:load|loadstring)\s*\(\s*(?:[\w.]*(?:decode|unbase64|gsub)|['\"](?:\\\d{1,3}){8})|"
        r"socket\.tcp[\s\S]{0,400}?(?:io\.popen|os\.execute)|"
        r"\bos\.execute\s*\(|\bio\.popen\s*\(",
        r"\bos\.(?:remove|rename)\s*\(|package\.loadlib",
    ),
    _words(
        ".r .rmd .qmd",
        r"\b(?:eval|source)\s*\(\s*(?:parse\s*\(\s*text\s*=\s*)?(?:url\s*\(|['\"]https?://|"
        r"rawToChar|base64|readLines\s*\(\s*['\"]https?)",
        r"\b(?:system2?|shell|shell\.exec)\s*\(",
    ),
    _words(
        ".jl",
        r"\b(?:eval|include_string)\s*\([^\n]{0,100}?(?:base64decode|download|HTTP\.get)",
        r"\brun\s*\(\s*`",
    ),
    _words(
        ".c .cc .cpp .cxx .cu .cuh .h .hh .hpp .hxx .m .mm .inl .inc .metal .hip",
        r"__attribute__\s*\(\(\s*(?:constructor|init_priority)[\s\S]{0,3000}?\b(?:system|popen|"
        r"exec[lv]p?e?|connect|socket|WinExec|CreateProcess\w?)\s*\(|"
        r"\bdup2\s*\(\s*\w*sock\w*[\s\S]{0,400}?\bexec[lv]p?e?\s*\(",
        r"\b(?:system|popen|exec[lv]p?e?|posix_spawnp?|WinExec|CreateProcess\w?|ShellExecute\w?)"
        r"\s*\(\s*[\"L&N(\w]",
    ),
    _words(
        ".rs .go .java .scala .kt .cs .swift .sql .proto .zig .el .groovy .gradle .dart",
        r"\bstatic\s*\{[\s\S]{0,2000}?(?:getRuntime\(\)\s*\.\s*exec|new\s+ProcessBuilder|"
        r"new\s+Socket|URLClassLoader|System\.load)|"
        r"\breadObject\s*\([\s\S]{0,2000}?(?:getRuntime\(\)\s*\.\s*exec|new\s+ProcessBuilder)|"
        r"\bfunc\s+init\s*\(\s*\)\s*\{[\s\S]{0,2000}?exec\.Command\s*\(|"
        r"Command::new\s*\(\s*\"(?:/bin/)?(?:ba)?sh\"[\s\S]{0,200}?(?:curl|wget|/dev/tcp|base64)|"
        r"exec\.Command\s*\(\s*\"(?:/bin/)?(?:ba)?sh\"[\s\S]{0,200}?(?:curl|wget|/dev/tcp|base64)|"
        r"Runtime\.getRuntime\(\)\.exec\s*\([\s\S]{0,200}?(?:curl|wget|/dev/tcp|base64|powershell)|"
        r"xp_cmdshell|COPY\s+\w+\s+(?:FROM|TO)\s+PROGRAM",
        r"Command::new\s*\(|exec\.Command\s*\(|Runtime\.getRuntime\(\)\.exec|Process\.Start\s*\(|"
        r"ProcessBuilder\s*\(",
    ),
)
_BY_ENDING = {ending: language for language in _LANGUAGES for ending in language.endings}
_BY_PROGRAM = {
    **dict.fromkeys(("node", "deno", "bun", "ts-node", "javascript", "typescript"), ".js"),
    **dict.fromkeys(("rscript", "r", "ir"), ".r"),
    **dict.fromkeys(("c++", "c++11", "c++14", "c++17", "cling", "xcpp17"), ".cpp"),
    "ruby": ".rb",
    "perl": ".pl",
    "php": ".php",
    "lua": ".lua",
    "julia": ".jl",
    "rust": ".rs",
}
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MOST_BYTES = 4 * 1024 * 1024
_TRIGGER = re.compile(
    r"\b(?:curl|wget)\s|/dev/(?:tcp|udp)/|/bin/(?:ba)?sh\b|powershell|base64\s+-|\brm\s+-|"
    r"\bnc\s+-|\bncat\s|crontab|mkfifo|socat\s|certutil|169\.254\.169\.254|\.bashrc"
)
_AROUND = 600
_MOST_LITERALS = 5_000


def language_of(name: str, program: str = "") -> Language | None:
    """The language of a file, by its name or by the program its first line names."""
    base = name.rsplit("/", 1)[-1].lower()
    ending = base[base.rfind(".") :] if "." in base else ""
    return _BY_ENDING.get(_BY_PROGRAM.get(program.lower(), ending))


def is_source(data: Buffer, subject: Subject) -> bool:
    """Whether the name is that of source code."""
    del data
    return language_of(subject.name) is not None


def is_encoded_source(data: Buffer, subject: Subject) -> bool:
    """Whether source code by its name is in another encoding, or has control characters."""
    return b"\0" not in bytes(data[:8192]) and is_source(data, subject)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge source code by its words."""
    if len(data) > _MOST_BYTES:
        answer.unread(f"source code over {_MOST_BYTES} bytes")
        return
    language = language_of(subject.name)
    if language is not None:
        judge_words(bytes(data).decode("utf-8", "replace"), language, answer)


def judge_words(text: str, language: Language, answer: Answer) -> None:
    """Report what is hostile in source code, and that it starts programs."""
    _first(text, language.hostile, "source.hostile", answer)
    _first(text, language.starts, "source.starts-programs", answer)
    _first(text, _OVERRIDES, "source.hidden-unicode", answer)
    for number, found in enumerate(_TRIGGER.finditer(text)):
        if number == _MOST_LITERALS:
            break
        literal = _literal(text, found.start())
        judged = judge_command(literal)
        if judged.grade is Grade.HOSTILE:
            line = text.count("\n", 0, found.start()) + 1
            answer.find(RULES["source.hostile"], f"{judged.why}: {literal[:160]}", line=line)
            return


def _literal(text: str, at: int) -> str:
    """The text in quotes around a place; "" where it is in none, or in a long one."""
    before = text[max(0, at - _AROUND) : at]
    quote = max("\"'`", key=before.rfind)
    start = before.rfind(quote)
    end = text.find(quote, at, at + _AROUND)
    return text[at - len(before) + start + 1 : end] if start >= 0 and end >= 0 else ""


def _first(text: str, pattern: re.Pattern[str], rule: str, answer: Answer) -> None:
    found = pattern.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        shown = (
            found.group()[:160]
            if rule != "source.hidden-unicode"
            else f"U+{ord(found.group()):04X}"
        )
        answer.find(RULES[rule], shown, line=line)

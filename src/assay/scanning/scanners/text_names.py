"""Which text files only people read, by name; every other has a program that reads it."""

from __future__ import annotations

import posixpath
import re

_INERT_ENDINGS = frozenset(
    ".txt .md .markdown .rst .csv .tsv .bib .license .vocab .bpe .merges .log".split()
)
_INERT_NAMES = re.compile(
    r"(readme|license|licence|copying|notice|authors|contributors|citation|changelog|changes|"
    r"model_card|usage_policy|use_policy|acceptable_use_policy|terms|vocab|merges)"
    r"([._-][a-z0-9._-]*)?\Z|\.git(attributes|ignore|keep)\Z",
    re.IGNORECASE,
)
_REQUIREMENTS = re.compile(r"(.*[-_.])?(requirements|constraints)([-_.].*)?\.txt\Z", re.IGNORECASE)
_CODE = frozenset(
    ".py .pyx .pyi .pyw .pth .sh .bash .zsh .fish .ps1 .psm1 .bat .cmd .vbs .js .mjs .cjs .ts .rb "
    ".pl .php .lua .r .jl .c .cc .cpp .cu .h .hpp .rs .go .java .scala .cs .swift .m .mm .html .htm "
    ".svg .xml .xhtml .ipynb .sql .desktop .service .mk .cmake .el .tcl .awk .hta .jse .wsf".split()
)
_CONFIGURATION = frozenset(".yaml .yml .toml .ini .cfg .conf .properties .env .gin".split())
_TEMPLATES = frozenset(".jinja .jinja2 .j2 .tmpl .template .mustache".split())
_CODE_NAMES = frozenset("makefile dockerfile jenkinsfile rakefile gemfile vagrantfile".split())
_SHEBANG = b"#!"
_TAGS = (b"{{", b"{%", b"{#")


def is_inert_name(path: str) -> bool:
    """Whether a text of this name is for people, or a plain list of words."""
    name = path.rsplit("/", 1)[-1]
    ending = posixpath.splitext(name)[1].lower()
    return ending in _INERT_ENDINGS or _INERT_NAMES.match(name) is not None


def reason_of(path: str, head: bytes) -> str:
    """Why a text of this name and beginning is not judged; "" where it may be."""
    name = path.rsplit("/", 1)[-1].lower()
    ending = posixpath.splitext(name)[1]
    if head.startswith(_SHEBANG):
        return "a script: code beside weights is not judged yet"
    if ending in _CODE or name in _CODE_NAMES:
        return "code beside weights is not judged yet"
    if ending in _CONFIGURATION:
        return "configuration in this format is not judged yet"
    if ending in _TEMPLATES:
        return "a template runs when it is used: not judged yet"
    if _REQUIREMENTS.match(name):
        return "what the requirements install is not judged yet"
    return ""

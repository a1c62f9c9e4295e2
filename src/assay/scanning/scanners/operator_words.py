"""Names of operators that say what the operator touches: files, processes, the network.

An operator of nobody known can do anything; one that is called `RunCommand` is called so for a
reason.
"""

from __future__ import annotations

import re

_REACHES = re.compile(
    r"(?<![a-z])exec(?:ute)?(?:_?(?:cmd|command|shell|code|script|python|program|process))?(?![a-z])|"
    r"(?<![a-z])system(?![a-z])|shell|popen|subprocess|command|"
    r"(?:run|eval|call|invoke)_?(?:code|script|cmd|py|python|bash|process|program)(?![a-z])|"
    r"py_?func|(?<![a-z])py_?op|eval(?:uate)?_?(?:expr|code|py)|"
    r"(?:read|write|open|load|save|delete|append|remove|encode|decode)_?(?:\w+_)?files?(?![a-z])|"
    r"file_?(?:read|write|open|load|save)|(?:from|to)_?file(?![a-z])|sox_?io|"
    r"load_?(?:library|plugin|module|dll|so)(?![a-z])|dlopen|socket|"
    r"(?<![a-z])https?(?:_?(?:get|post|request|client))?(?![a-z])|download|upload|exfil|"
    r"(?<![a-z])(?:curl|wget)(?![a-z])|fetch_?url|url_?(?:open|fetch)|backdoor|payload|"
    r"(?:get|read)_?env(?![a-z])|net_?(?:send|connect)"
)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def sounds_reaching(name: str) -> bool:
    """Whether an operator's name, `CamelCase` or `snake_case`, says that it reaches out."""
    return _REACHES.search(_WORDS.sub("_", name).lower()) is not None

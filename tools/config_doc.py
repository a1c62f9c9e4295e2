"""Write docs/configuration.md from the docstring and defaults of `assay.config.Config`.

`--check` writes nothing and exits 1 if the page is not current.
"""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import fields
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"
OPTION = re.compile(r" {4}(\w+): (.+?)(?=\n {4}\w+: |\Z)", re.DOTALL)
ALIASES = {"passphrase_file": "`ASSAY_KEY_PASSPHRASE_FILE`"}
DEFAULTS = {"home": "`$XDG_DATA_HOME/assay`, else `~/.local/share/assay`"}

HEAD = """\
# Configuration

An option is taken from `assay.toml` in the data folder, then from the environment, then from the
command line; the last one that names it counts. Nothing has to be set: without any, `assay serve`
listens on this machine only and keeps everything in the data folder.

```toml
# assay.toml
public_url = "https://assay.example.org"
behind_proxy = "10.0.0.0/8"
decision_hours = 12
```

An unknown option, or a value of the wrong type or out of range, ends the command with exit code 2
and its name. Whether something is on is written `true` or `false` in `assay.toml`; in the
environment `1`, `0`, `yes` and `no` will do too.

| option | in the environment | default | meaning |
|---|---|---|---|
"""

TAIL = """
`home` itself comes from `ASSAY_HOME`: it says where `assay.toml` is.

The passphrase of the server's keys is never an option's value: the option names a file that holds
it, which only the server's user should be able to read.

Clients take the server's address from `ASSAY_URL` and the token from `ASSAY_TOKEN`, else from what
`assay login` stored. Colour is off where `NO_COLOR` is set.

This page is made from the program by `tools/config_doc.py`.
"""


def page() -> str:
    """The page's text.

    Raises:
        KeyError: a field of the configuration is not described in its docstring.
    """
    from assay.config import Config

    section = inspect.cleandoc(Config.__doc__ or "").partition("Attributes:\n")[2]
    meanings = {name: " ".join(text.split()) for name, text in OPTION.findall(section)}
    rows = []
    for option in fields(Config):
        if option.name == "source":  # says where the values came from, and is none itself
            continue
        shown = DEFAULTS.get(option.name) or _default(option.default)
        variable = f"`ASSAY_{option.name.upper()}`"
        if option.name in ALIASES:
            variable += f" or {ALIASES[option.name]}"
        rows.append(f"| `{option.name}` | {variable} | {shown} | {meanings[option.name]} |")
    return HEAD + "\n".join(rows) + "\n" + TAIL


def _default(value: object) -> str:
    if value == "":
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def main() -> int:
    """Write or check the page."""
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
    print("current" if current else f"{PAGE.name} is not current: run tools/config_doc.py")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())

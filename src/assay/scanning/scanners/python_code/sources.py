"""Where values come from: what a call returns, by what it calls and what that is given."""

from __future__ import annotations

from assay.scanning.scanners.known_names import (
    DOWNLOADS,
    FETCHES,
    HOST_FACTS,
    HUB_DOWNLOADS,
    OPENS,
    PRIVATE_PATH,
    SECRET_KEY,
    SECRET_SOURCES,
    SHELLS,
)
from assay.scanning.scanners.python_code.state import Call
from assay.scanning.scanners.python_code.values import (
    ENVIRONMENT,
    FILE,
    HOST,
    HUB,
    NETWORK,
    OUTPUT,
    READ,
    SECRET,
    Value,
    taints_of,
)

_PERSON = frozenset({"USER", "USERNAME", "LOGNAME", "HOSTNAME", "COMPUTERNAME", "USERDOMAIN"})
ENVIRONMENTS = ("os.environ", "os.environb")
_ONE_VARIABLE = frozenset(
    "os.getenv os.getenvb os.environ.get os.environ.pop os.environ.setdefault "
    "os.environb.get".split()
)
_FETCHING_METHODS = ("requests.", "httpx.", "urllib.request.", "aiohttp.", "urllib3.")


def environment_item(key: Value) -> Value:
    """A variable of the environment, by its name."""
    name = key.text
    if name in ("HOME", "USERPROFILE"):
        return Value(name="os.getenv()", constant="~")
    if name in _PERSON:
        return Value(name="os.getenv()", taints=frozenset({HOST}))
    if name is None and ENVIRONMENT in key.taints:
        return Value(name="os.getenv()", taints=frozenset({ENVIRONMENT}))
    if name is not None and not SECRET_KEY.search(name):
        return Value(name="os.getenv()")
    return Value(name="os.getenv()", taints=frozenset({SECRET} if name else ()))


def taints_of_call(call: Call) -> frozenset[str]:
    """Where what a call returns came from."""
    name = call.name
    if name in _ONE_VARIABLE:
        return environment_item(call.argument(0, "key")).taints
    found = set(taints_of(*call.values))
    if call.callee.receiver is not None:
        found |= call.callee.receiver.taints
    if name in FETCHES or (name.startswith(_FETCHING_METHODS) and name.count("()")):
        found.add(NETWORK)
        found -= {SECRET}
    if name in HUB_DOWNLOADS:
        found = (found - {SECRET}) | {HUB}
    if name in DOWNLOADS:
        found.add(NETWORK)
    if name in SECRET_SOURCES:
        found.add(SECRET)
    if name in HOST_FACTS:
        found.add(HOST)
    if name in SHELLS:
        found.add(OUTPUT)
    if name in OPENS or name.startswith("pathlib.Path()."):
        found |= _of_path(call)
    return frozenset(found)


def _of_path(call: Call) -> set[str]:
    path = call.argument(0, "file")
    receiver = call.callee.receiver
    if receiver is not None and receiver.name.startswith("pathlib.Path"):
        path = receiver
    return {FILE} if PRIVATE_PATH.search(fragments(path)) else {READ}


def fragments(value: Value, unknown: str = "…") -> str:
    """The text of a value as far as it is known; what is not is an ellipsis."""
    if value.text is not None:
        return value.text[:4000]
    if isinstance(value.constant, tuple):
        return " ".join(str(part) for part in value.constant[:100])[:4000]
    found: list[str] = []
    waiting = [value]
    while waiting and len(found) < 100:
        part = waiting.pop()
        if part.text is not None:
            found.append(part.text[:2000])
        elif part.items:
            waiting.extend(reversed(list(part.items.values())[:100]))
        else:
            found.append(unknown)
    return "".join(found)[:8000]


def words(value: Value) -> str:
    """The text of a command: one text, or a list of arguments with blanks between."""
    if value.text is None and value.items and not value.name:
        parts = list(value.items.values())[:100]
        return " ".join(fragments(part) for part in parts)[:8000]
    return fragments(value)

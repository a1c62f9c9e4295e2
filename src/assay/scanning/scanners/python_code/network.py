"""Judging what a program sends to and takes from other machines."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.scanners.known_names import (
    CLOUD_METADATA,
    DOWNLOADS,
    FETCHES,
    LOCAL_ADDRESS,
    RAW_ADDRESS,
    SENDS,
    WEB_HOOK,
)
from assay.scanning.scanners.python_code.deeds import Deeds, shown
from assay.scanning.scanners.python_code.sources import fragments
from assay.scanning.scanners.python_code.state import Call, Place
from assay.scanning.scanners.python_code.values import (
    ENVIRONMENT,
    FILE,
    HOST,
    NETWORK,
    OUTPUT,
    PRIVATE,
    UNKNOWN,
    Value,
    taints_of,
)

_CREDENTIALS = frozenset({"headers", "auth", "cookies", "proxies", "cert", "token", "timeout"})
_GRAVE = (ENVIRONMENT, FILE)
_SOCKETS = ("socket.", "ssl.")


def judge(call: Call, deeds: Deeds) -> None:
    """Note what a call sends, or that it reaches the network at all."""
    name = call.name
    if name in SENDS:
        _sent(call, deeds, sends=True)
    elif name in FETCHES or name in DOWNLOADS:
        _sent(call, deeds, sends=False)
    elif name.endswith((".connect", ".connect_ex")) and name.startswith(_SOCKETS):
        _connected(call, deeds)
    elif name in ("os.dup2", "pty.spawn"):
        _wired(call, deeds)
    elif name.startswith(("ftplib.FTP().", "smtplib.SMTP")):
        _sent(call, deeds, sends=True)


def _content(call: Call) -> list[Value]:
    """What is sent, without what proves who sends it."""
    return [*call.arguments, *(v for k, v in call.named.items() if k not in _CREDENTIALS)]


def _sent(call: Call, deeds: Deeds, *, sends: bool) -> None:
    taints = taints_of(*_content(call)) - {NETWORK}
    address = _address(call)
    hook = WEB_HOOK.search(address)
    if CLOUD_METADATA.search(address):
        deeds.add("code.private-file", call.line, shown(call), call.place, Severity.HIGH)
    elif taints & PRIVATE:
        severity = _of_private(call, taints)
        told = ", ".join(sorted(taints & PRIVATE))
        deeds.add(
            "code.network-exfiltration", call.line, f"{told}: {shown(call)}", call.place, severity
        )
    elif HOST in taints:
        severity = Severity.HIGH if call.place.unasked or hook else Severity.MEDIUM
        told = f"{HOST}: {shown(call)}"
        deeds.add("code.network-exfiltration", call.line, told, call.place, severity)
    elif hook and sends:
        severity = Severity.HIGH if call.place.unasked else Severity.MEDIUM
        deeds.add("code.network-exfiltration", call.line, shown(call), call.place, severity)
    elif call.place.unasked:
        _at_load(call, deeds, address, sends=sends)


def _of_private(call: Call, taints: frozenset[str]) -> Severity:
    if any(taint in taints for taint in _GRAVE):
        return Severity.CRITICAL if call.place.unasked else Severity.HIGH
    if OUTPUT in taints:
        return Severity.HIGH
    return Severity.HIGH if call.place is Place.IMPORT else Severity.MEDIUM


def _at_load(call: Call, deeds: Deeds, address: str, *, sends: bool) -> None:
    severity = Severity.LOW
    raw = RAW_ADDRESS.search(address) and not LOCAL_ADDRESS.search(address)
    if (
        (call.place is Place.IMPORT and (sends or raw or WEB_HOOK.search(address)))
        or raw
        or WEB_HOOK.search(address)
    ):
        severity = Severity.MEDIUM
    elif call.hidden:
        severity = Severity.HIGH
    deeds.add("code.network-at-load", call.line, shown(call), call.place, severity)


def _address(call: Call) -> str:
    parts = [fragments(value) for value in (*call.arguments[:3], call.named.get("url", UNKNOWN))]
    if call.callee.receiver is not None:
        parts.append(fragments(call.callee.receiver))
    return "\n".join(parts)


def _connected(call: Call, deeds: Deeds) -> None:
    """A socket that is connected while a model is loaded: nothing a model needs."""
    address = fragments(call.argument(0))
    local = address.startswith(("127.", "localhost", "0.0.0.0", "…"))  # noqa: S104 - text compared
    severity = Severity.HIGH if call.place.unasked and not local else Severity.LOW
    deeds.add("code.network-at-load", call.line, shown(call), call.place, severity)


def _wired(call: Call, deeds: Deeds) -> None:
    first = call.argument(0)
    if call.name == "os.dup2" and first.name.startswith(_SOCKETS):
        confidence = Confidence.HIGH
        deeds.add("code.reverse-shell", call.line, shown(call), call.place, None, confidence)

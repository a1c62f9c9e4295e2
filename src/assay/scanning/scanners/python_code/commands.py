"""Judging the programs that a program starts."""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.scanners.known_names import SHELL_TEXT, SHELLS
from assay.scanning.scanners.python_code.deeds import Deeds, shown
from assay.scanning.scanners.python_code.sources import words
from assay.scanning.scanners.python_code.state import Call, Place
from assay.scanning.scanners.python_code.values import (
    DECODED,
    NETWORK,
    UNKNOWN,
    Value,
    taints_of,
)
from assay.scanning.scanners.shell_commands import Grade, judge_command

_INSTALL = re.compile(
    r"(?:^|[\s/…])(?:(?:pip[\d.]*|conda|mamba|uv\s+pip|poetry)\s+(?:install|add)\b|"
    r"(?:apt(?:-get)?|yum|dnf|brew|apk)\s+(?:-\w+\s+)*install\b|npm\s+(?:i|install)\b)"
)
_ELSEWHERE = re.compile(
    r"--(?:extra-)?index-url|\s-i\s|--find-links|--trusted-host|git\+|https?://|\.(?:whl|zip|gz)\b"
)
_SHELL_PROGRAM = re.compile(
    r"(?:/(?:usr/)?(?:local/)?bin/)?(?:ba|z|da|k|c|fi)?sh\Z|cmd(?:\.exe)?\Z|powershell(?:\.exe)?\Z",
    re.IGNORECASE,
)
_INTERPRETER = re.compile(
    r"(?:(?:ba|z|da|k|c|fi)?sh|cmd|powershell|pwsh|python[\d.]*|perl|ruby|node|php|sudo|env|"
    r"chmod|nohup)(?:\.exe)?\Z",
    re.IGNORECASE,
)
_OWN = re.compile(r"^(?:…|python[\d.]*|sys\.executable)\s+-m\s+(?:pip|ensurepip)\b|^…\s+-m\s+pip\b")
_OWN_SCRIPT = re.compile(
    r"^(?:…|python[\d.]*|sys\.executable)\s+(?:-u\s+)?[\w./-]+\.py\b[^;|&`$<>]*\Z"
)
"""A program of the same folder, started by one a person started."""
_STDIO = ("stdin", "stdout", "stderr")
_PATH = re.compile(r"^[\w./…-]*/bin/(?=nvcc|gcc|g\+\+|hipcc|hipconfig)")
_HARMLESS_START = re.compile(
    r"^\[?'?(?:git|nvidia-smi|ffmpeg|ffprobe|sox|nvcc|gcc|g\+\+|cmake|make|ninja|rocm-smi|lscpu|"
    r"espeak(?:-ng)?|which|where|uname|hostname|df|free|convert|pdflatex|tensorboard|"
    r"accelerate|torchrun|deepspeed|mpirun|protoc)\b[^;|&`$<>]*\Z"
)


def judge(call: Call, deeds: Deeds) -> None:
    """Note what program a call starts."""
    magic = _magic(call)
    if call.name not in SHELLS and not _is_native_shell(call.name) and magic is None:
        return
    command = magic or _command(call)
    text = words(command)
    taints = taints_of(command, call.named.get("input", UNKNOWN))
    judged = judge_command(text)
    if judged.grade is Grade.HOSTILE:
        deeds.add("code.hostile-command", call.line, f"{shown(call)}: {judged.why}", call.place)
    elif NETWORK in taints and _is_run(command, text):
        rule = "code.reverse-shell" if _from_socket(command) else "code.downloads-and-runs"
        deeds.add(rule, call.line, shown(call), call.place)
    elif _is_wired(call):
        deeds.add("code.reverse-shell", call.line, shown(call), call.place)
    elif DECODED in taints:
        deeds.add("code.executes-decoded", call.line, shown(call), call.place)
    elif _INSTALL.search(text) or _OWN.search(text):
        _installs(call, text, deeds)
    else:
        severity, confidence = _weighed(call, command, text, judged.grade)
        deeds.add("code.shell", call.line, shown(call), call.place, severity, confidence)


def _magic(call: Call) -> Value | None:
    """The command that a magic of IPython gives the shell."""
    if not call.name.startswith("IPython.get_ipython().run_") or not call.arguments:
        return None
    shells = ("sx", "system", "!", "bash", "sh", "script", "cmd")
    return call.arguments[-1] if call.arguments[0].text in shells else None


_NATIVE_STARTS = frozenset(
    "system popen execve execv execl execvp execlp posix_spawn WinExec ShellExecuteA ShellExecuteW "
    "CreateProcessA CreateProcessW".split()
)


def _is_native_shell(name: str) -> bool:
    """Whether a function of a native library starts programs."""
    return name.startswith(("ctypes.", "cffi.")) and name.rpartition(".")[2] in _NATIVE_STARTS


def _command(call: Call) -> Value:
    first = call.argument(0, "args")
    if call.name.startswith("os.spawn"):
        arguments = call.arguments[1:]
        return Value(items=dict(enumerate(arguments)), taints=taints_of(*arguments))
    if call.name.startswith(("os.exec", "os.posix_spawn", "asyncio.create_subprocess")):
        return Value(
            items=dict(enumerate(call.arguments)),
            constant=first.constant if len(call.arguments) == 1 else Value().constant,
            taints=taints_of(*call.arguments),
        )
    if first is UNKNOWN:
        return call.named.get("cmd", call.named.get("command", first))
    return first


def _is_run(command: Value, text: str) -> bool:
    """Whether what was fetched is run itself, and is not just given to a program that is known."""
    program = command.items.get(0) if not command.name else None
    if program is None or program.text is None:
        return True
    name = text.split(" ", 1)[0].rsplit("/", 1)[-1]
    return _INTERPRETER.match(name) is not None


def _from_socket(command: Value) -> bool:
    waiting, seen = [command], 0
    while waiting and seen < 100:
        value = waiting.pop()
        seen += 1
        if value.name.startswith(("socket.", "ssl.", "websocket")):
            return True
        waiting.extend(value.items.values())
        if value.receiver is not None:
            waiting.append(value.receiver)
    return False


def _is_wired(call: Call) -> bool:
    """Whether a socket is the program's input or output."""
    for name in _STDIO:
        value = call.named.get(name)
        if value is not None and value.name.startswith(("socket.", "ssl.", "os.dup")):
            return True
    return False


def _first_is_known(command: Value) -> bool:
    """Whether the program is known, whatever it is given."""
    first = command.items.get(0) if not command.name else None
    return first is not None and bool(first.text)


def _installs(call: Call, text: str, deeds: Deeds) -> None:
    severity = Severity.MEDIUM
    if _ELSEWHERE.search(text) and call.place.unasked:
        severity = Severity.HIGH
    elif not call.place.unasked:
        severity = Severity.LOW
    deeds.add("code.installs", call.line, shown(call), call.place, severity)


def _weighed(call: Call, command: Value, text: str, grade: Grade) -> tuple[Severity, Confidence]:
    """How grave a command is that is not hostile by its words: by what is known, and when."""
    if call.hidden:
        return Severity.HIGH, Confidence.HIGH
    if grade is Grade.HARMLESS or _HARMLESS_START.match(_PATH.sub("", text)):
        return Severity.LOW, Confidence.MEDIUM
    if not call.place.unasked and _OWN_SCRIPT.match(text):
        return Severity.LOW, Confidence.MEDIUM
    known = (
        command.is_constant
        or _first_is_known(command)
        or _SHELL_PROGRAM.match(text.split(" ", 1)[0])
    )
    open_end = not known and text.startswith("…")
    if call.place.unasked:
        sure = not open_end or call.name in SHELL_TEXT
        return (Severity.HIGH if sure else Severity.MEDIUM), Confidence.MEDIUM
    mild = open_end and call.place is not Place.SCRIPT
    return (Severity.LOW if mild else Severity.MEDIUM), Confidence.MEDIUM

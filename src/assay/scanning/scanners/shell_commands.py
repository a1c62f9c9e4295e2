"""What a command line does, as far as its words say: of shells, and of PowerShell.

Commands are read, not run: patterns over a line whose continuations, quotes inside words and
variable tricks are undone first. Three answers: one that nobody needs to use a model, one that
programs around models start every day, and every other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

MOST_CHARACTERS = 64 * 1024
"""Of one command; what is longer is looked at in pieces."""
_OVERLAP = 1024


class Grade(Enum):
    """How a command is judged."""

    HARMLESS = "harmless"
    UNKNOWN = "unknown"
    HOSTILE = "hostile"


@dataclass(frozen=True, slots=True)
class Command:
    """A judged command: how, and what it does where that is known."""

    grade: Grade
    why: str = ""


_INTERPRETERS = r"(?:env\s+|sudo\s+(?:-\w+\s+)*|/(?:usr/)?(?:local/)?s?bin/)*(?:ba|z|da|k|a|c|fi)?sh\b(?!\.)|(?:sudo\s+)?(?:/usr/bin/(?:env\s+)?)?(?:python[\d.]*|perl|ruby|node|php|lua)\b(?!\s*-m\s)"
_FETCH = r"(?:curl|wget|fetch|aria2c|lwp-download|http|https|axel)"
_HOSTILE: tuple[tuple[str, str], ...] = (
    (rf"\b{_FETCH}\b[^\n;&]{{0,600}}\|\s*(?:tee\b[^|\n]{{0,100}}\|\s*)?(?:{_INTERPRETERS})", "runs what it downloads"),
    (rf"(?:\b(?:ba|z|da|k)?sh|\beval|\bsource|(?:^|[\s;&|])\.)\s*(?:-\w+\s+)*[\"']?\s*(?:<\s*\(|\$\(|`)\s*{_FETCH}\b", "runs what it downloads"),
    (rf"\b(?:python[\d.]*|perl|ruby|node|php)\s+(?:-\w\s+)?[\"']?(?:<\(|\$\(|`)\s*{_FETCH}\b", "runs what it downloads"),
    (r"\b(?:base64|base32|openssl\s+(?:enc|base64)|xxd|gunzip|zcat|uudecode|rev)\b[^\n;&]{0,4000}\|\s*(?:base64[^|\n]{0,60}\||gunzip[^|\n]{0,60}\||zcat[^|\n]{0,60}\||tr[^|\n]{0,80}\|)?\s*(?:" + _INTERPRETERS + ")", "runs decoded text"),
    (r"(?:\beval|\b(?:ba|z|da|k)?sh\s+-c|\bsource)\s*[\"']?(?:\$\(|`)[^\n]{0,4000}?\b(?:base64|xxd|openssl|printf\s+['\"]?\\x|rev\b|tr\s)", "runs decoded text"),
    (r"(?:printf|echo\s+-\w*e\w*)\s+['\"]?(?:\\x[0-9a-f]{2}|\\[0-7]{3}){4}[^\n]{0,4000}\|\s*(?:" + _INTERPRETERS + ")", "runs decoded text"),
    (r"(?:\b(?:ba|z|da|k)?sh\b|python[\d.]*|perl)\s+(?:-\w+\s+)*<<<\s*[\"']?\$\(", "runs decoded text"),
    (r"/dev/(?:tcp|udp)/", "opens a connection from the shell"),
    (r"\b(?:nc|ncat|netcat|nc\.traditional|nc\.openbsd)\b[^\n]{0,200}\s(?:-\w*[ec]\w*|--exec|--sh-exec)\s+[\"']?(?:/\w|\w*sh\b|cmd|powershell)", "gives a shell to another machine"),
    (r"\bmk(?:fifo|nod)\b[\s\S]{0,400}\b(?:nc|ncat|netcat|telnet|openssl\s+s_client)\b", "gives a shell to another machine"),
    (r"\b(?:ba|z|da|k)?sh\s+-i\b[^\n]{0,200}(?:>&|<&|\|&|\|)", "gives a shell to another machine"),
    (r"\bsocat\b[^\n]{0,300}\b(?:exec|system)\b", "gives a shell to another machine"),
    (r"\b(?:python[\d.]*|perl|ruby|php|lua|node|awk|gawk)\b[^\n]{0,60}\s-?(?:-eval|c|e|r)?\s*['\"][^\n]{0,600}(?:socket\.socket|IO::Socket|Socket;|TCPSocket|fsockopen|net\.Socket|require\(.net|/inet/tcp)", "gives a shell to another machine"),
    (r"/inet/(?:tcp|udp)/", "opens a connection from the shell"),
    (r"\btelnet\b[^\n|]{0,200}\|\s*(?:" + _INTERPRETERS + ")", "gives a shell to another machine"),
    (rf"\b{_FETCH}\b[^\n]{{0,300}}(?:\$\(|`)\s*(?:env|printenv|set|id|whoami|hostname|uname|cat|ls|pwd|base64|tar|ifconfig|ip)\b", "sends what it finds to another machine"),
    (rf"\b{_FETCH}\b[^\n]{{0,300}}(?:-d|--data(?:-binary|-raw|-urlencode)?|-F|--form|-T|--upload-file|--post-file|--post-data|--body-file)[= ]?\s*[\"']?[^\s\"']{{0,40}}?@?[\"']?(?:~|/root|/home|/etc/(?:passwd|shadow)|\$HOME|\$\{{?\w*(?:TOKEN|KEY|SECRET|PASS)|[^\s]{{0,80}}\.(?:ssh|aws|netrc|kube|docker))", "sends secrets to another machine"),
    (rf"\b(?:env|printenv|set|export\s+-p|history|id|whoami|ifconfig|tar\s[^|\n]{{0,200}}|zip\s[^|\n]{{0,200}}|cat\s+[^|\n]{{0,200}}(?:\.ssh|\.aws|passwd|shadow|token|\.netrc|\.env|\.kube|history|id_rsa|credentials)[^|\n]{{0,100}})\s*\|\s*(?:base64[^|\n]{{0,60}}\|\s*|gzip[^|\n]{{0,60}}\|\s*|xxd[^|\n]{{0,60}}\|\s*)?(?:{_FETCH}|nc|ncat|netcat|socat|openssl\s+s_client|mail|ssh)\b", "sends what it finds to another machine"),
    (r"\b(?:dig|nslookup|host|ping)\b[^\n]{0,200}(?:\$\(|`)\s*(?:whoami|hostname|id|env|cat|uname|base64)", "sends what it finds by name look-ups"),
    (r"(?:>>?|\btee\s+(?:-a\s+)?|\bcp\s[^\n;|&]{0,200}\s|\bmv\s[^\n;|&]{0,200}\s|\bln\s[^\n;|&]{0,200}\s)\s*[\"']?(?:~|\$\{?HOME\}?|/root|/home/[\w$.-]+)?/?\.(?:bashrc|profile|bash_profile|zshrc|zprofile|zshenv|ssh/authorized_keys|config/autostart|config/systemd|bash_login|xinitrc)\b", "stays on the machine after it has run"),
    (r"(?:>>?|\btee\s+(?:-a\s+)?|\bcp\s[^\n;|&]{0,200}\s|\bmv\s[^\n;|&]{0,200}\s)\s*[\"']?/etc/(?:cron|profile|rc\.local|init\.d|systemd|ld\.so\.preload|passwd|shadow|sudoers)", "stays on the machine after it has run"),
    (r"\|\s*crontab\s+-|\bcrontab\s+(?:-\s*<<|/|\w+\.|<\(|-u\s)|\(crontab\s+-l", "stays on the machine after it has run"),
    (r"\bat\s+(?:now|midnight|\d\d:\d\d)\b[^\n]{0,60}<<", "stays on the machine after it has run"),
    (r"\bschtasks(?:\.exe)?\b[^\n]{0,60}/create|\breg(?:\.exe)?\s+add\b[^\n]{0,200}\\run\b|\blaunchctl\s+(?:load|bootstrap)|New-ScheduledTask|Register-ScheduledTask|\\Start Menu\\Programs\\Startup", "stays on the machine after it has run"),
    (r"\bLD_PRELOAD\s*=\s*[\"']?(?!\S*(?:tcmalloc|jemalloc|libgomp|libiomp|libstdc|libcuda|mimalloc|libasan))\S*(?:/tmp|/dev/shm|\./|\.so)", "puts a library into every program"),
    (r"\brm\s+(?:-\w+\s+)*-?\w*(?:rf|fr|r\s+-f|f\s+-r)\w*\s+(?:--no-preserve-root\s+)?[\"']?(?:/|~/?|\$HOME/?|/\*|~/\*|\$HOME/\*|\*|/(?:etc|home|usr|var|boot|root|lib|bin)/?\*?)[\"']?(?:\s|$|;|&|\))", "removes everything"),
    (r"\bmkfs(?:\.\w+)?\s|\bdd\s[^\n]{0,200}\bof=/dev/(?:sd|hd|nvme|vd|mmc)|>\s*/dev/(?:sd|hd|nvme|vd)|\bshred\s[^\n]{0,80}(?:/dev/|~|/home|/etc)", "overwrites a disk"),
    (r":\s*\(\s*\)\s*\{\s*:\s*\|\s*:\s*&\s*\}\s*;\s*:", "starts programs until the machine stands still"),
    (r"\bpowershell(?:\.exe)?\b[^\n]{0,200}\s-(?:e|ec|en|enc|enco\w*)\s+[A-Za-z0-9+/=]{16}", "runs encoded text"),
    (r"\b(?:iex|invoke-expression)\b[\s\S]{0,300}(?:downloadstring|downloaddata|invoke-webrequest|\biwr\b|\birm\b|invoke-restmethod|net\.webclient|frombase64string|\bcurl\b|\bwget\b)", "runs what it downloads"),
    (r"(?:downloadstring|invoke-webrequest|\biwr\b|\birm\b|invoke-restmethod|net\.webclient|frombase64string|\bcurl\b|\bwget\b)[\s\S]{0,300}\|\s*(?:iex|invoke-expression)\b", "runs what it downloads"),
    (r"(?:downloadfile|invoke-webrequest|\biwr\b|start-bitstransfer|certutil(?:\.exe)?\s[^\n]{0,60}-urlcache|bitsadmin)[\s\S]{0,400}(?:start-process|\bstart\s|invoke-item|\bcall\s|&\s*[\"'$]|\.exe\b\s*(?:$|[;&\n]))", "downloads a program and runs it"),
    (r"certutil(?:\.exe)?\s[^\n]{0,80}-(?:urlcache|decode)\b|\bbitsadmin(?:\.exe)?\s[^\n]{0,60}/transfer|\bmshta(?:\.exe)?\s[^\n]{0,60}(?:https?:|javascript:|vbscript:)|\bregsvr32(?:\.exe)?\s[^\n]{0,80}/i:http|\brundll32(?:\.exe)?\s[^\n]{0,60}javascript:", "downloads a program by a tool of the system"),
    (r"\b(?:xmrig|minerd|cpuminer|nbminer|t-rex|lolminer)\b|stratum\+(?:tcp|ssl)://", "mines for coins"),
    (r"\b(?:useradd|adduser|usermod|chpasswd|visudo)\b[^\n]{0,200}(?:\bsudo\b|\bwheel\b|\broot\b|-o\s+-u\s*0)|NOPASSWD\s*:\s*ALL", "makes an account with all rights"),
    (r"\bchmod\s+(?:[ugo]*\+s|[24675][0-7]{3})\s+[\"']?/", "gives a program all rights"),
    (r"\bhistory\s+-c\b|\bunset\s+HISTFILE|HISTFILE=/dev/null|\bsetenforce\s+0|Set-MpPreference\s[^\n]{0,60}-Disable|Add-MpPreference\s[^\n]{0,60}-Exclusion|\biptables\s+-F|\bufw\s+disable", "switches off what would notice it"),
    (r"\bnsenter\b[^\n]{0,80}(?:-t\s*1|--target\s*1)|\bdocker\s+run\b[^\n]{0,200}(?:-v|--volume)[= ]/:/|\brelease_agent\b", "leaves its container"),
    (r"\b(?:nohup|setsid|disown)\b[^\n]{0,300}(?:/tmp/\.|/dev/shm/|/var/tmp/\.)", "starts a hidden program"),
    (r"(?:/tmp|/dev/shm|/var/tmp)/\.[\w-]+\s*(?:&|;|$|\n)", "starts a hidden program"),
    (r"\b169\.254\.169\.254\b|metadata\.google\.internal", "asks the cloud for its credentials"),
)  # fmt: skip
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), why) for pattern, why in _HOSTILE)
_HINTS = re.compile(
    r"curl|wget|fetch|aria2c|axel|http|base64|base32|openssl|xxd|gunzip|zcat|uudecode|\brev\b|"
    r"printf|echo|<<<|/dev/|\bnc\b|ncat|netcat|mkfifo|mknod|sh\s+-i|socat|/inet/|telnet|dig\b|"
    r"nslookup|host|ping|bashrc|profile|zsh|authorized|autostart|systemd|xinitrc|/etc/|crontab|"
    r"\bat\b|schtasks|\breg\b|launchctl|Scheduled|Startup|LD_PRELOAD|\brm\b|mkfs|\bdd\b|shred|"
    r":\s*\(|powershell|iex|invoke-|download|certutil|bitsadmin|mshta|regsvr32|rundll32|xmrig|"
    r"miner|stratum|useradd|adduser|usermod|chpasswd|visudo|NOPASSWD|chmod|history|HISTFILE|"
    r"setenforce|MpPreference|iptables|ufw|nsenter|docker|release_agent|nohup|setsid|disown|/tmp|"
    r"169\.254|metadata|\beval\b|socket|env\b|start-bits",
    re.IGNORECASE,
)
_SIMPLE = re.compile(r"[^;|&`$<>\n(){}\\!]*(?:\s*[12]?>\s*(?:/dev/null|&1)|\s*\|\|\s*true)*\s*\Z")
_HARMLESS_PROGRAMS = frozenset(
    "nvidia-smi rocm-smi npu-smi xpu-smi nvidia-settings lscpu nproc lspci which where whereis "
    "ffmpeg ffprobe sox soxi flac lame espeak espeak-ng pandoc pdflatex latex gs convert identify "
    "magick tesseract pdftotext pdftoppm ldconfig gcc g++ cc c++ clang clang++ nvcc hipconfig "
    "cmake make ninja cython swig protoc system_profiler sw_vers sysctl powermetrics clear cls "
    "stty tput mecab juman kytea accelerate torchrun deepspeed tensorboard mpirun numactl".split()
)
_GIT = re.compile(
    r"git\s+(?:-C\s+\S+\s+)?(?:rev-parse|describe|log|status|diff|diff-index|show|branch|tag|"
    r"config\s+--get|remote\s+(?:-v|get-url)|ls-files|rev-list|lfs\s+(?:pull|install|track)|"
    r"symbolic-ref|--version|add|commit|push|init)\b",
)
_NULL = re.compile(r"\s*[12]?>\s*(?:/dev/null|&1)|\s*\|\|\s*true\s*$")
_VERSION = re.compile(r"[\w./+-]+\s+(?:--?version|-v|-V|--help)\s*\Z")
_ASSIGNED = re.compile(r"^(?:[A-Z_][A-Z0-9_]*=[\w./,:-]*\s+)+")


def judge_command(text: str) -> Command:
    """Judge a command line or a script as a whole."""
    plain = _undone(text)
    for start in range(0, max(len(plain), 1), MOST_CHARACTERS - _OVERLAP):
        piece = plain[start : start + MOST_CHARACTERS]
        if not _HINTS.search(piece):
            continue
        for pattern, why in _PATTERNS:
            if pattern.search(piece):
                return Command(Grade.HOSTILE, why)
        if _runs_download(piece):
            return Command(Grade.HOSTILE, "downloads a program and runs it")
    return Command(Grade.HARMLESS if _is_harmless(text) else Grade.UNKNOWN)


def _runs_download(text: str) -> bool:
    """Whether a later command runs, or makes runnable, what an earlier one downloaded."""
    fetched: set[str] = set()
    for part in _SEPARATOR.split(text):
        command = part.strip()
        if _FETCHES.search(command):
            fetched |= {name.rsplit("/", 1)[-1] for name in _SAVED.findall(command)}
            fetched |= {name.rsplit("/", 1)[-1] for name in _ADDRESS.findall(command)}
        elif fetched:
            first = [word.strip("\"'") for word in command.split(None, 7)[:7]]
            runs = _RUNS.match(command)
            names = {word.rsplit("/", 1)[-1] for word in first if not word.endswith("/")}
            if runs and names & fetched:
                return True
    return False


def _is_harmless(text: str) -> bool:
    line = text.strip()
    if not line or len(line) > 4000 or not _SIMPLE.match(line):
        return False
    line = _ASSIGNED.sub("", _NULL.sub("", line)).strip()
    program = line.split(None, 1)[0].rsplit("/", 1)[-1] if line else ""
    if program == "git":
        return _GIT.match(line) is not None
    return program.removesuffix(".exe") in _HARMLESS_PROGRAMS or _VERSION.match(line) is not None


_SEPARATOR = re.compile(r"&&|\|\||[;\n&|]")
_FETCHES = re.compile(rf"\b{_FETCH}\b\s")
_SAVED = re.compile(r"(?:-O|-o|--output|--output-document|>)[= ]?\s*[\"']?([\w./~${}-]+)")
_ADDRESS = re.compile(r"https?://[^\s\"']*/([\w.-]+)")
_RUNS = re.compile(
    rf"(?:sudo\s+|nohup\s+|setsid\s+|exec\s+)*(?:\./|/|~/|\$HOME/|(?:{_INTERPRETERS})\s|chmod\s+\S*[x7]|"
    r"source\s|\.\s)",
    re.IGNORECASE,
)
_CONTINUED = re.compile(r"\\\r?\n[ \t]*|\^\r?\n")
_EMPTY_QUOTES = re.compile(r"(?<=\w)(?:''|\"\")(?=\w)")
_BROKEN_WORD = re.compile(r"(?<=[a-z])\\(?=[a-z])")
_SPLIT_WORD = re.compile(r"(?<=[a-z])(['\"])([a-z])\1(?=[a-z])")
_FIELD_SEPARATOR = re.compile(r"\$\{IFS\}|\$IFS(?:\$9)?")
_NOTHING_VARIABLE = re.compile(r"(?<=[a-z])\$(?:@|\{@\}|\*|[0-9](?![0-9]))(?=[a-z])")
_CARETS = re.compile(r"(?<=[A-Za-z])\^(?=[A-Za-z])")
_TICKS = re.compile(r"(?<=[A-Za-z])`(?=[A-Za-z])")


def _undone(text: str) -> str:
    """The text with the tricks undone that break up words without changing what they mean."""
    text = _CONTINUED.sub(" ", text)
    if "'" in text or '"' in text:
        text = _SPLIT_WORD.sub(r"\2", _EMPTY_QUOTES.sub("", text))
    if "\\" in text:
        text = _BROKEN_WORD.sub("", text)
    if "$" in text:
        text = _NOTHING_VARIABLE.sub("", _FIELD_SEPARATOR.sub(" ", text))
    if "^" in text:
        text = _CARETS.sub("", text)
    return _TICKS.sub("", text) if "`" in text and "$" not in text else text

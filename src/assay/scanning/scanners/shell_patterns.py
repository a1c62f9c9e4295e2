"""Patterns of commands that attacks are made of, each with the words it cannot do without.

The text is in lower case when they are asked. Every repetition is bounded, so that a search
costs what the text is long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = r"(?:env\s+|sudo\s+(?:-\w+\s+)*|exec\s+|nohup\s+|/(?:usr/)?(?:local/)?s?bin/)*"
SHELL = r"(?:ba|z|da|k|a|c|fi)?sh"
INTERPRETER = (
    rf"{PREFIX}(?:{SHELL}\b(?![.\w-])|(?:python[\d.]*|perl|ruby|node|php|lua)\b(?!\s*-m\s))"
)
FETCH = r"(?:curl|wget|aria2c|axel|lwp-download|fetch|https?)"
_FIND = (
    r"(?:env|printenv|set|export\s+-p|history|id|whoami|ifconfig|tar\s[^|\n]{0,200}|"
    r"zip\s[^|\n]{0,200}|cat\s+[^|\n]{0,200}(?:\.ssh|\.aws|passwd|shadow|token|\.netrc|\.env|"
    r"\.kube|history|id_rsa|credentials)[^|\n]{0,100})"
)
_PACK = r"(?:(?:base64|gzip|xxd|openssl)[^|\n]{0,60}\|\s*)?"
_HOME = r"(?:~|\$\{?home\}?|/root|/home/[\w$.{}-]+)?/?"
_STARTUP = (
    r"\.(?:bashrc|profile|bash_profile|zshrc|zprofile|zshenv|bash_login|xinitrc|"
    r"ssh/authorized_keys|config/autostart|config/systemd)\b"
)
_SYSTEM = r"/etc/(?:cron|profile|rc\.local|init\.d|systemd|ld\.so\.preload|passwd|shadow|sudoers)"
_INTO = (
    r"(?:>>?|\btee\s+(?:-a\s+)?|\bcp\s[^\n;|&]{0,200}\s|\bmv\s[^\n;|&]{0,200}\s|"
    r"\bln\s[^\n;|&]{0,200}\s)\s*[\"']?"
)
_DECODE = r"(?:base64|base32|openssl\s+(?:enc|base64)|xxd|gunzip|zcat|uudecode|rev)"
_AGAIN = r"(?:(?:base64|gunzip|zcat|rev|xxd|tr)[^|\n]{0,80}\|\s*){0,3}"
_PULL = (
    r"(?:downloadstring|downloaddata|invoke-webrequest|\biwr\b|\birm\b|invoke-restmethod|"
    r"net\.webclient|frombase64string|\bcurl\b|\bwget\b)"
)
_EVERYTHING = (
    r"(?:/|~/?|\$home/?|/\*|~/\*|\$home/\*|\*|/(?:etc|home|usr|var|boot|root|lib|bin)/?\*?)"
)
_LEAVES = "sends what it finds to another machine"
_SHELL_GIVEN = "gives a shell to another machine"
_STAYS = "stays on the machine after it has run"
_DECODED = "runs decoded text"
_DOWNLOADED = "runs what it downloads"


@dataclass(frozen=True, slots=True)
class Hostile:
    """A kind of hostile command.

    Attributes:
        words: One of which every match holds.
        pattern: What is searched for, in text in lower case.
        why: What the command does.
    """

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    why: str


def _row(words: str, pattern: str, why: str) -> Hostile:
    return Hostile(tuple(words.split()), re.compile(pattern), why)


_FETCHERS = "curl wget aria2c axel lwp-download fetch http"

HOSTILE: tuple[Hostile, ...] = (
    _row(
        _FETCHERS,
        rf"\b{FETCH}\b[^\n;&]{{0,600}}\|\s*(?:tee\b[^|\n]{{0,100}}\|\s*)?{INTERPRETER}",
        _DOWNLOADED,
    ),
    _row(
        _FETCHERS,
        rf"(?:\b{SHELL}|\beval|\bsource|(?:^|[\s;&|])\.)\s+(?:-\w+\s+)*[\"']?\s*"
        rf"(?:<\s*\(|\$\(|`)\s*{FETCH}\b",
        _DOWNLOADED,
    ),
    _row(
        _FETCHERS,
        rf"\b(?:python[\d.]*|perl|ruby|node|php)\s+(?:-\w\s+)?[\"']?(?:<\(|\$\(|`)\s*{FETCH}\b",
        _DOWNLOADED,
    ),
    _row(
        "base64 base32 openssl xxd gunzip zcat uudecode rev",
        rf"\b{_DECODE}\b[^\n;&]{{0,4000}}\|\s*{_AGAIN}{INTERPRETER}",
        _DECODED,
    ),
    _row(
        "base64 xxd openssl printf rev",
        rf"(?:\beval|\b{SHELL}\s+-c|\bsource)\s*[\"']?(?:\$\(|`)[^\n]{{0,4000}}?"
        r"\b(?:base64|xxd|openssl|printf\s+['\"]?\\x|rev\b)",
        _DECODED,
    ),
    _row(
        "printf echo",
        rf"(?:printf|echo\s+-\w*e\w*)\s+['\"]?(?:\\x[0-9a-f]{{2}}|\\[0-7]{{3}}){{4}}"
        rf"[^\n]{{0,4000}}\|\s*{INTERPRETER}",
        _DECODED,
    ),
    _row(
        "<<<",
        rf"(?:\b{SHELL}\b|python[\d.]*|perl)\s+(?:-\w+\s+)*<<<\s*[\"']?\$\(",
        _DECODED,
    ),
    _row("/dev/tcp /dev/udp", r"/dev/(?:tcp|udp)/", "opens a connection from the shell"),
    _row("/inet/", r"/inet/(?:tcp|udp)/", "opens a connection from the shell"),
    _row(
        "nc ncat netcat",
        r"\b(?:nc|ncat|netcat|nc\.traditional|nc\.openbsd)\b[^\n]{0,200}\s"
        r"(?:-\w*[ec]\w*|--exec|--sh-exec)\s+[\"']?(?:/\w|\w*sh\b|cmd|powershell)",
        _SHELL_GIVEN,
    ),
    _row(
        "mkfifo mknod",
        r"\bmk(?:fifo|nod)\b[\s\S]{0,400}?\b(?:nc|ncat|netcat|telnet|openssl\s+s_client)\b",
        _SHELL_GIVEN,
    ),
    _row("sh", rf"\b{SHELL}\s+-i\b[^\n]{{0,200}}(?:>&|<&|\|&|\|)", _SHELL_GIVEN),
    _row(
        "socat",
        r"\bsocat\b(?=[^\n]{0,300}\b(?:tcp|udp|ssl|openssl|sctp)[\w-]{0,20}:)[^\n]{0,300}"
        r"\b(?:exec|system):",
        _SHELL_GIVEN,
    ),
    _row(
        "socket fsockopen /inet/ net",
        r"\b(?:python[\d.]*|perl|ruby|php|lua|node|g?awk)\b[^\n]{0,60}\s-?(?:-eval|c|e|r)?\s*['\"]"
        r"[^\n]{0,600}(?:socket\.socket|io::socket|socket;|tcpsocket|fsockopen|net\.socket|"
        r"require\(.net|/inet/tcp)",
        _SHELL_GIVEN,
    ),
    _row("telnet", rf"\btelnet\b[^\n|]{{0,200}}\|\s*{INTERPRETER}", _SHELL_GIVEN),
    _row(
        _FETCHERS,
        rf"\b{FETCH}\b[^\n]{{0,300}}(?:\$\(|`)\s*(?:env|printenv|set|id|whoami|hostname|uname|"
        r"cat|ls|base64|tar|ifconfig|ip)\b(?!\s*-[smr]\))",
        _LEAVES,
    ),
    _row(
        _FETCHERS,
        rf"\b{FETCH}\b[^\n]{{0,300}}(?:-d|--data(?:-binary|-raw|-urlencode)?|-f|--form|-t|"
        r"--upload-file|--post-file|--post-data|--body-file)[= ]?\s*[\"']?[^\s\"']{0,40}?@?[\"']?"
        r"(?:~|/root|/home|/etc/(?:passwd|shadow)|\$home|\$\{?\w*(?:token|key|secret|pass)|"
        r"[^\s]{0,80}\.(?:ssh|aws|netrc|kube|docker))",
        "sends secrets to another machine",
    ),
    _row(
        "curl wget nc ncat netcat socat openssl mail ssh",
        rf"\b{_FIND}\s*\|\s*{_PACK}(?:{FETCH}|nc|ncat|netcat|socat|openssl\s+s_client|mail|ssh)\b",
        _LEAVES,
    ),
    _row(
        "dig nslookup host ping",
        r"\b(?:dig|nslookup|host|ping)\s[^\n`]{0,200}(?:\$\(|`)\s*"
        r"(?:whoami|hostname|id|env|cat|uname|base64)",
        "sends what it finds by name look-ups",
    ),
    _row(
        "| crontab",
        r"\|\s*crontab\s+-|\bcrontab\s+(?:-\s*<<|/|\w+\.|<\(|-u\s)|\(crontab\s+-l",
        _STAYS,
    ),
    _row("at", r"\bat\s+(?:now|midnight|\d\d:\d\d)\b[^\n]{0,60}<<", _STAYS),
    _row(
        "schtasks reg launchctl scheduledtask startup",
        r"\bschtasks(?:\.exe)?\b[^\n]{0,60}/create|\breg(?:\.exe)?\s+add\b[^\n]{0,200}\\run\b|"
        r"\blaunchctl\s+(?:load|bootstrap)|(?:new|register)-scheduledtask|"
        r"\\start menu\\programs\\startup",
        _STAYS,
    ),
    _row(
        "ld_preload",
        r"\bld_preload\s*=\s*[\"']?(?!\S*(?:tcmalloc|jemalloc|libgomp|libiomp|libstdc|libcuda|"
        r"mimalloc|libasan|libnccl|libnvinfer))\S*(?:/tmp|/dev/shm|\./|\.so)",
        "puts a library into every program",
    ),
    _row(
        "rm",
        rf"\brm\s+(?:-\w+\s+)*-?\w*(?:rf|fr|r\s+-f|f\s+-r)\w*\s+(?:--no-preserve-root\s+)?[\"']?"
        rf"{_EVERYTHING}[\"']?(?:\s|$|;|&|\))",
        "removes everything",
    ),
    _row(
        "mkfs dd /dev/ shred",
        r"\bmkfs(?:\.\w+)?\s+[^\n]{0,80}/dev/|\bdd\s[^\n]{0,200}\bof=/dev/(?:sd|hd|nvme|vd|mmc)|"
        r">\s*/dev/(?:sd|hd|nvme|vd)|\bshred\s[^\n]{0,80}(?:/dev/|~|/home|/etc)",
        "overwrites a disk",
    ),
    _row(
        "|",
        r":\s*\(\s*\)\s*\{\s*:\s*\|\s*:\s*&\s*\}\s*;\s*:",
        "starts programs until the machine stands still",
    ),
    _row(
        "powershell pwsh",
        r"\b(?:powershell|pwsh)(?:\.exe)?\b[^\n]{0,200}\s-(?:e|ec|en|enc|enco\w*)\s+[a-z0-9+/=]{16}",
        "runs encoded text",
    ),
    _row(
        "iex invoke-expression",
        rf"\b(?:iex|invoke-expression)\b[\s\S]{{0,300}}?{_PULL}",
        _DOWNLOADED,
    ),
    _row(
        "iex invoke-expression",
        rf"{_PULL}[\s\S]{{0,300}}?\|\s*(?:iex|invoke-expression)\b",
        _DOWNLOADED,
    ),
    _row(
        "downloadfile invoke-webrequest iwr bitstransfer certutil bitsadmin",
        r"(?:downloadfile|invoke-webrequest|\biwr\b|start-bitstransfer|certutil(?:\.exe)?\s"
        r"[^\n]{0,60}-urlcache|bitsadmin)[\s\S]{0,400}?(?:start-process|\bstart\s|invoke-item|"
        r"\bcall\s|&\s*[\"'$]|\.exe\b\s*(?:$|[;&\n]))",
        "downloads a program and runs it",
    ),
    _row(
        "certutil bitsadmin mshta regsvr32 rundll32",
        r"certutil(?:\.exe)?\s[^\n]{0,80}-(?:urlcache|decode)\b|\bbitsadmin(?:\.exe)?\s[^\n]{0,60}"
        r"/transfer|\bmshta(?:\.exe)?\s[^\n]{0,60}(?:https?:|javascript:|vbscript:)|"
        r"\bregsvr32(?:\.exe)?\s[^\n]{0,80}/i:http|\brundll32(?:\.exe)?\s[^\n]{0,60}javascript:",
        "downloads a program by a tool of the system",
    ),
    _row(
        "xmrig minerd cpuminer nbminer lolminer stratum",
        r"\b(?:xmrig|minerd|cpuminer|nbminer|lolminer)\b|stratum\+(?:tcp|ssl)://",
        "mines for coins",
    ),
    _row(
        "useradd adduser usermod chpasswd nopasswd",
        r"\b(?:useradd|adduser|usermod|chpasswd)\b[^\n]{0,200}(?:-o\s+-u\s*0|root:)",
        "makes an account with all rights",
    ),
    _row("chmod", r"\bchmod\s+(?:[ugo]*\+s|[246][0-7]{3})\s+[\"']?/", "gives a program all rights"),
    _row(
        "history histfile setenforce mppreference iptables ufw",
        r"\bhistory\s+-c\b|\bunset\s+histfile|histfile=/dev/null|\bsetenforce\s+0|"
        r"set-mppreference\s[^\n]{0,60}-disable|add-mppreference\s[^\n]{0,60}-exclusion|"
        r"\biptables\s+-f\b|\bufw\s+disable",
        "switches off what would notice it",
    ),
    _row(
        "nsenter docker release_agent",
        r"\bnsenter\b[^\n]{0,80}(?:-t\s*1|--target\s*1)|\bdocker\s+run\b[^\n]{0,200}"
        r"(?:-v|--volume)[= ]/:/|\brelease_agent\b",
        "leaves its container",
    ),
    _row(
        "/tmp/. /dev/shm/ /var/tmp/.",  # noqa: S108 - words looked for
        r"(?:\b(?:nohup|setsid|disown)\b[^\n]{0,300}(?:/tmp/\.|/dev/shm/|/var/tmp/\.))|"
        r"(?:/tmp|/dev/shm|/var/tmp)/\.[\w-]{1,80}\s*(?:&|;|$|\n)",
        "starts a hidden program",
    ),
    _row(
        "169.254.169.254 metadata.google.internal",
        r"(?:https?://|(?:curl|wget)\s[^\n]{0,200})(?:169\.254\.169\.254\b|metadata\.google\.internal)",
        "asks the cloud for its credentials",
    ),
)

PERSISTENCE = Hostile(
    (">", "tee", "cp", "mv", "ln"),
    re.compile(rf"{_INTO}(?:{_HOME}{_STARTUP}|{_SYSTEM})"),
    _STAYS,
)
"""Writes to start-up files; asked about the whole line, since people set their paths there."""

SETTINGS = re.compile(
    r"(?:echo|printf)\s+(?:-\w+\s+)?[\"'\\]{0,2}(?:export\s+(?!ld_preload|prompt_command|bash_env)"
    r"\w{1,40}=|source\s+[\"']?(?:/etc/|/opt/|/usr/|\$|~?/?[\w./-]*(?:conda|venv|activate))|"
    r"\.\s+[\"']?(?:/opt/|/usr/|\$|[\w./-]*conda)|conda\s+activate|alias\s|path=|"
    r"eval\s+\\?[\"']?\\?\$\((?:pyenv|conda|rbenv|direnv|starship|brew|zoxide|micromamba))"
)
"""What people put into their shell's start-up files."""

"""Where packages may come from without anybody being surprised."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_INDEXES = re.compile(
    r"(?:.+\.)?(?:pypi\.org|pythonhosted\.org|pypi\.python\.org|pytorch\.org|nvidia\.com|"
    r"data\.pyg\.org|openmmlab\.com|huggingface\.co|googleapis\.com|pkg\.dev|jfrog\.io|"
    r"cloudsmith\.io|gitlab\.com|pkgs\.dev\.azure\.com|visualstudio\.com|amazonaws\.com|"
    r"anaconda\.org|anaconda\.com|conda-forge\.org|tsinghua\.edu\.cn|ustc\.edu\.cn|aliyun\.com|"
    r"tencent\.com|douban\.com|huaweicloud\.com|baidu\.com|paddlepaddle\.org\.cn|vllm\.ai|"
    r"flashinfer\.ai|abetlen\.github\.io|piwheels\.org|readthedocs\.io|intel\.com|amd\.com|"
    r"rocm\.com|dgl\.ai|fury\.io|repository\.cloudera\.com|mirrors\.edge\.kernel\.org)\Z"
)
_WHEELS = re.compile(
    r"(?:.+\.)?(?:github\.com|githubusercontent\.com|github\.io|bitbucket\.org|codeberg\.org)\Z"
)
_REPOSITORIES = re.compile(
    r"(?:.+\.)?(?:github\.com|gitlab\.com|bitbucket\.org|huggingface\.co|codeberg\.org|"
    r"dev\.azure\.com|gitee\.com|modelscope\.cn|git\.openstack\.org|opendev\.org)\Z"
)
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def host_of(address: str) -> str:
    """The host an address names, lower case; "" for a path or what is no address."""
    text = address.strip().strip("\"'")
    try:
        return (urlsplit(text.removeprefix("git+")).hostname or "").lower()
    except ValueError:
        return "?"


def is_protected(address: str) -> bool:
    """Whether nobody on the way can change what comes from an address."""
    text = address.strip().strip("\"'").lower()
    scheme = text.removeprefix("git+").split("://", 1)[0]
    return scheme not in ("http", "ftp", "git") or host_of(text) in _LOCAL


def is_known_index(address: str) -> bool:
    """Whether an index is a public one people know, or a path or variable."""
    host = host_of(address)
    return not host or host in _LOCAL or "$" in address or _INDEXES.match(host) is not None


def is_known_download(address: str) -> bool:
    """Whether a package's file comes from an index or a public host of repositories."""
    return is_known_index(address) or _WHEELS.match(host_of(address)) is not None


def is_known_repository(address: str) -> bool:
    """Whether a repository lies at a public host."""
    host = host_of(address) or _scp_host(address)
    return not host or _REPOSITORIES.match(host) is not None


def _scp_host(address: str) -> str:
    """The host of `git+ssh://git@host/...` or `git@host:path`."""
    found = re.search(r"@([A-Za-z0-9.-]+)[:/]", address)
    return found.group(1).lower() if found else ""

"""Which process holds a lock or a port, as Linux tells it (proc(5))."""

from __future__ import annotations

from pathlib import Path

_LISTENING = "0A"
_LOCK_PID, _LOCK_PLACE = 4, 5
_TCP_LOCAL, _TCP_STATE, _TCP_INODE = 1, 3, 9


def lock_holder(path: Path) -> int | None:
    """The process that holds a file's lock; None where nobody does, or it cannot be known.

    The lock is not tried: a server that starts at this moment must find it free.
    """
    try:
        inode = str(path.stat().st_ino)
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        fields = [part for part in line.split() if part != "->"]
        if (
            len(fields) > _LOCK_PLACE
            and fields[1] == "FLOCK"
            and fields[_LOCK_PLACE].rpartition(":")[2] == inode
        ):
            return int(fields[_LOCK_PID])
    return None


def port_holder(port: int) -> tuple[int, str] | None:
    """The process that listens on a TCP port and its name; None where it cannot be seen."""
    sockets = {f"socket:[{inode}]" for inode in _listeners(port)}
    for folder in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(str(entry.readlink()) in sockets for entry in folder.iterdir()):
                pid = int(folder.parent.name)
                return pid, _name(folder.parent)
        except OSError:
            continue  # another user's, or gone meanwhile
    return None


def _listeners(port: int) -> set[str]:
    """The inodes of sockets that listen on a port."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            local = int(fields[_TCP_LOCAL].rpartition(":")[2], 16)
            if local == port and fields[_TCP_STATE] == _LISTENING:
                found.add(fields[_TCP_INODE])
    return found


def _name(process: Path) -> str:
    return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()

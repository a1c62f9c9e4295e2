"""A system-call filter for the scanning child: it may compute, read what it holds, and answer.

Everything not on the list fails with EPERM, so there is no socket, no exec, no new process,
no opening of files and no tracing of other processes. Sources: `linux/seccomp.h`,
`linux/filter.h`, the system-call tables of Linux for x86-64 and arm64.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from struct import pack

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER_MODE = 38, 22, 2
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE = 0, 4

_X86_64 = (
    "read 0 write 1 close 3 fstat 5 poll 7 lseek 8 mmap 9 mprotect 10 munmap 11 brk 12 "
    "rt_sigaction 13 rt_sigprocmask 14 rt_sigreturn 15 pread64 17 sched_yield 24 mremap 25 "
    "madvise 28 setitimer 38 getpid 39 recvmsg 47 exit 60 fcntl 72 getrusage 98 times 100 "
    "sigaltstack 131 gettid 186 futex 202 restart_syscall 219 clock_gettime 228 "
    "clock_getres 229 clock_nanosleep 230 exit_group 231 tgkill 234 newfstatat 262 "
    "getrandom 318 membarrier 324 rseq 334"
)
_ARM64 = (
    "fcntl 25 close 57 lseek 62 read 63 write 64 pread64 67 ppoll 73 newfstatat 79 fstat 80 "
    "exit 93 exit_group 94 futex 98 setitimer 103 clock_gettime 113 clock_getres 114 "
    "clock_nanosleep 115 sched_yield 124 restart_syscall 128 tgkill 131 sigaltstack 132 "
    "rt_sigaction 134 rt_sigprocmask 135 rt_sigreturn 139 times 153 getrusage 165 getpid 172 "
    "gettid 178 recvmsg 212 brk 214 munmap 215 mremap 216 mmap 222 mprotect 226 madvise 233 "
    "getrandom 278 membarrier 283 rseq 293"
)
"""System calls by name and number: what the interpreter needs to compute, read and answer."""
_ARCHITECTURES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _ARM64)}


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def no_new_privileges() -> bool:
    """Give up gaining privileges by exec; whether the kernel agreed."""
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def restrict_calls() -> bool:
    """Install the filter for good; whether it holds. False where the machine has none."""
    known = _ARCHITECTURES.get(os.uname().machine)
    if known is None or sys.platform != "linux":
        return False
    architecture, calls = known
    code = _program(architecture, sorted(int(word) for word in calls.split() if word.isdigit()))
    program = _Program(len(code) // 8, code)
    return _prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.addressof(program))


def _program(architecture: int, numbers: list[int]) -> bytes:
    """Allow these calls of this architecture; anything else is an error, other tables kill."""
    lines = [
        (_LOAD, 0, 0, _OFFSET_ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
    ]
    for number in numbers:
        lines += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    lines.append((_RETURN, 0, 0, _ERROR | errno.EPERM))
    return b"".join(pack("=HBBI", *line) for line in lines)


def _prctl(option: int, value: int, pointer: int = 0) -> bool:
    if sys.platform != "linux" or os.name != "posix":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    return int(library.prctl(option, value, pointer, 0, 0)) == 0

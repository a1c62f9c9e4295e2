"""Names as imports write them: which lead out of a module, and what a loader makes of old ones."""

from __future__ import annotations

import _compat_pickle  # two dicts of renamed modules and names; it can load nothing
import re
import sys
from collections.abc import Iterable

REACHING = frozenset(
    "__builtins__ __globals__ __subclasses__ __import__ __getattribute__ __getattr__ __setattr__ "
    "__delattr__ __dict__ __class__ __base__ __bases__ __mro__ __code__ __closure__ __call__ "
    "__reduce__ __reduce_ex__ __init__ __new__ __loader__ __spec__ __self__ __func__ __wrapped__ "
    "__init_subclass__ __class_getitem__ __setstate__ __getstate__ __del__ __prepare__ mro "
    "f_globals f_locals f_builtins gi_frame cr_frame tb_frame func_globals func_code im_func "
    "im_self".split()
)
"""Attributes that lead from any object to everything else."""

UNMISTAKABLE = frozenset(
    "os posix nt sys subprocess builtins importlib ctypes socket shutil pty runpy pickle marshal "
    "multiprocessing imp zipimport pkgutil posixpath ntpath tempfile webbrowser asyncio".split()
)
"""Module names that are hardly ever the name of anything else."""

BORROWED = frozenset(
    "Popen ThreadPoolExecutor ProcessPoolExecutor ThreadPool NamedTemporaryFile TemporaryFile "
    "TemporaryDirectory SpooledTemporaryFile ZipFile TarFile FileIO CDLL PyDLL WinDLL OleDLL "
    "Unpickler Pickler InteractiveConsole InteractiveInterpreter CodeType FunctionType MethodType "
    "ModuleType HTTPServer TCPServer FileHandler check_output check_call getoutput "
    "getstatusoutput import_module run_path run_module rmtree urlopen urlretrieve popen".split()
)
"""What other modules import by name from the standard library, and no pickle of a model needs."""

ACTING = frozenset(
    "system popen Popen check_output check_call getoutput getstatusoutput exec execfile execv "
    "execve execvp execvpe execl execle execlp spawnl spawnle spawnlp spawnv spawnve spawnvp "
    "posix_spawn posix_spawnp fork forkpty startfile putenv rmtree subprocess socket ctypes pty "
    "CDLL PyDLL WinDLL marshal runpy webbrowser urlopen urlretrieve urllib requests httpx aiohttp "
    "paramiko smtplib ftplib telnetlib winreg pexpect posix zipimport pkgutil import_module "
    "InteractiveConsole InteractiveInterpreter FunctionType CodeType load_module exec_module "
    "run_module run_path create_connection __import__ __builtins__ __subclasses__ __globals__ "
    "__code__ __bases__ __base__ __mro__ __getattribute__ __loader__ __spec__ f_globals "
    "f_builtins gi_frame tb_frame".split()
)
"""Names of what starts programs, reaches the network or leads to the interpreter's inside."""

ALIASES = {
    "np": "numpy",
    "pd": "pandas",
    "sp": "scipy",
    "tf": "tensorflow",
    "mp": "multiprocessing",
}
"""By what other names modules import what they use."""

STANDARD = frozenset(sys.stdlib_module_names) | frozenset(
    "asynchat asyncore binhex distutils imp lib2to3 smtpd pipes cgi cgitb crypt nntplib telnetlib "
    "xdrlib msilib _interpreters nt _winapi __builtin__ commands copy_reg test winreg msvcrt "
    "_xxsubinterpreters".split()
)
_CLASS_LIKE = re.compile(r"_*[A-Z]")


def class_like(name: str) -> bool:
    """Whether a name is written as classes are: its last part begins with a capital."""
    return _CLASS_LIKE.match(name.rsplit(".", 1)[-1]) is not None


def renamed(module: str, name: str, protocol: int) -> tuple[str, str]:
    """What a loader looks up: below protocol 3 names of Python 2 become today's.

    Source: `Unpickler.find_class` with `fix_imports`, its default.
    """
    if protocol >= 3:
        return module, name
    if (module, name) in _compat_pickle.NAME_MAPPING:
        mapped: tuple[str, str] = _compat_pickle.NAME_MAPPING[(module, name)]
        return mapped
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name


def root_of(module: str) -> str:
    """The top-level package of a module."""
    return module.split(".", 1)[0]


def prefixes(module: str) -> Iterable[str]:
    """`a.b.c`, `a.b`, `a`; leading underscores of the first part are tried without, too."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        yield ".".join(parts[:length])
    bare = parts[0].lstrip("_")
    if bare != parts[0]:
        yield bare

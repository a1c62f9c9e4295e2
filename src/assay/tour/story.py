"""The steps of the story: each is an attempt, and says what let it through or stopped it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.tour.models import MINILM, SILERO, unpack_model
from assay.tour.stage import Ran, Stage

DOWNLOAD = """
import sys
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError
try:
    local = {"local_dir": sys.argv[3]} if len(sys.argv) > 3 else {}
    print(snapshot_download(sys.argv[1], revision=sys.argv[2], **local))
except HfHubHTTPError as error:
    print(type(error).__name__, error)
    sys.exit(1)
"""
_BOILERPLATE = re.compile(r"Cannot access|\w+Error \d+|Revision Not Found|Repository Not Found")
COMMAND_PICKLE = b"cposix\nsystem\n(S'touch assay-was-here'\ntR."
"""A protocol 0 pickle that would run a command in any loader."""


@dataclass(frozen=True, slots=True)
class Step:
    """How one attempt ended.

    Attributes:
        part: The part of the supply chain it is about.
        tried: What was attempted.
        outcome: What let it through or stopped it, in the program's own words.
        expected: Whether it ended as it should.
    """

    part: str
    tried: str
    outcome: str
    expected: bool


class Story:
    """The steps in order, with what one hands on to the next."""

    def __init__(self, stage: Stage, namespace: str) -> None:
        self.stage = stage
        self.namespace = namespace
        self.model = f"{namespace}/minilm"
        self.folder = stage.work / "minilm"
        self.voice = stage.work / "silero"
        self.pulled = stage.work / "pulled"
        self.evidence = stage.work / "evidence.json"
        self.version = ""
        self.tree = ""

    def steps(self) -> Iterator[Step]:
        """Play every step; each sees what the ones before it did."""
        for play in self._acts():
            yield play()

    def _acts(self) -> tuple[Callable[[], Step], ...]:
        return (
            self._scan_the_model,
            self._sign_and_verify,
            self._push_the_model,
            self._pull_before_approval,
            self._approve_ones_own,
            self._promote_before_approval,
            self._approve,
            self._promote_approved,
            self._pull_with_the_hub_client,
            self._pull_into_a_folder,
            self._pull_with_pinned_keys,
            self._flip_a_byte_in_the_copy,
            self._push_a_pickle_that_runs_a_command,
            self._push_a_model_with_code,
            self._push_a_broken_download,
            self._flip_a_byte_in_storage,
            self._mend_the_storage,
            self._revoke,
            self._export_the_evidence,
            self._verify_offline,
            self._verify_offline_with_a_change,
            self._verify_the_log,
            self._start_again,
        )

    def _scan_the_model(self) -> Step:
        unpack_model(MINILM, self.stage.config.home / "tour-cache", self.folder)
        ran = self.stage.assay("scan", str(self.folder), "--format", "json")
        verdict = ran.json()["units"][0]["verdict"]
        files = len([p for p in self.folder.rglob("*") if p.is_file()])
        return Step(
            "model artifacts",
            f"scan {MINILM.requirement}, {MINILM.about}: {files} files",
            f"verdict {verdict}",
            ran.code == 0 and verdict == "clean",
        )

    def _sign_and_verify(self) -> Step:
        key = self.stage.work / "publisher.key"
        made = self.stage.assay("keys", "generate", str(key))
        signed = self.stage.assay("sign", str(self.folder), "--key", str(key))
        signature = self.folder / "model.sig"
        verified = self.stage.assay(
            *("verify", str(self.folder), "--signature", str(signature)),
            *("--key", f"{key}.pub", "--strict"),
        )
        return Step(
            "model artifacts",
            "sign the folder (OpenSSF Model Signing) and verify it strictly",
            _last_line(verified),
            made.code == signed.code == verified.code == 0,
        )

    def _push_the_model(self) -> Step:
        ran = self._push("ana", self.folder, self.model, "first release")
        release = ran.json()
        self.version, self.tree = release["version"], release["tree"]
        return Step(
            "model registry",
            f"push it to {self.model} as ana, a publisher",
            f"{release['state']}, scan {release['verdict']}, decision "
            f"{release['decision']['outcome']}: {_first_reason(release)}",
            ran.code == 0 and release["decision"]["outcome"] == "needs-approval",
        )

    def _pull_before_approval(self) -> Step:
        ran = self.stage.hub(DOWNLOAD, "app", self.model, "main")
        return Step(
            "model registry",
            "download it with huggingface_hub before anyone approved it",
            _refusal(ran),
            ran.code == 1 and "GatedRepoError" in ran.out,
        )

    def _approve_ones_own(self) -> Step:
        ran = self._act("approve", "ana", "looks good to me")
        return Step(
            "people and processes",
            "ana, who also reviews, approves her own release",
            _refusal(ran),
            ran.code == 1,
        )

    def _promote_before_approval(self) -> Step:
        ran = self._promote("ben")
        return Step(
            "model registry",
            "point the alias production at it without approval",
            _refusal(ran),
            ran.code == 1,
        )

    def _approve(self) -> Step:
        ran = self._act("approve", "ben", "read the model card, the scan is clean")
        release = ran.json() if ran.code == 0 else {}
        return Step(
            "people and processes",
            "ben, another reviewer, approves it",
            f"{release.get('state')}, decision {_outcome(release)}" if release else _refusal(ran),
            ran.code == 0 and release["state"] == "approved",
        )

    def _promote_approved(self) -> Step:
        ran = self._promote("ben")
        return Step(
            "model registry",
            "point the alias production at the approved release",
            f"production is {self.version[:12]}" if ran.code == 0 else _refusal(ran),
            ran.code == 0,
        )

    def _pull_with_the_hub_client(self) -> Step:
        ran = self.stage.hub(DOWNLOAD, "app", self.model, "production")
        same = ran.code == 0 and self._digest(Path(ran.out.strip().splitlines()[-1])) == self.tree
        return Step(
            "deployment pipeline",
            "download production with the unmodified huggingface_hub client, into its cache",
            f"same tree digest {self.tree[:19]}" if same else _refusal(ran),
            same,
        )

    def _pull_into_a_folder(self) -> Step:
        ran = self.stage.hub(DOWNLOAD, "app", self.model, self.version, str(self.pulled))
        same = ran.code == 0 and self._digest(self.pulled) == self.tree
        return Step(
            "deployment pipeline",
            "download the pinned version into a folder",
            f"same tree digest {self.tree[:19]}" if same else _refusal(ran),
            same,
        )

    def _pull_with_pinned_keys(self) -> Step:
        to = str(self.stage.work / "pulled-by-assay")
        ran = self.stage.assay("pull", f"{self.model}@production", "--to", to, who="app")
        return Step(
            "deployment pipeline",
            "pull production with assay, which believes only the pinned decision key",
            _last_line(ran) if ran.code == 0 else _refusal(ran),
            ran.code == 0 and self._digest(Path(to)) == self.tree,
        )

    def _flip_a_byte_in_the_copy(self) -> Step:
        copy = self.stage.work / "tampered"
        shutil.copytree(self.pulled, copy)
        _flip(copy / "model.safetensors", 1_000_000)
        ran = self.stage.assay(
            *("verify", str(copy), "--signature", str(self.folder / "model.sig")),
            *("--key", str(self.stage.work / "publisher.key.pub")),
        )
        return Step(
            "model artifacts",
            "change one bit of the weights in the downloaded copy, then verify",
            _refusal(ran),
            ran.code == 1 and "model.safetensors" in ran.text,
        )

    def _push_a_pickle_that_runs_a_command(self) -> Step:
        folder = self.stage.work / "evil"
        folder.mkdir()
        (folder / "model.pkl").write_bytes(COMMAND_PICKLE)
        ran = self._push("ana", folder, f"{self.namespace}/evil", "trust me")
        release = ran.json()
        found: dict[str, Any] = next(iter(release["findings"]), {})
        return Step(
            "pre-trained / external models",
            "push a pickle that would run a shell command when loaded",
            f"scan {release['verdict']}: {found.get('title')} ({found.get('evidence')}); "
            f"decision {_outcome(release)}",
            ran.code == 1 and release["verdict"] == "malicious",
        )

    def _push_a_model_with_code(self) -> Step:
        unpack_model(SILERO, self.stage.config.home / "tour-cache", self.voice)
        model = f"{self.namespace}/silero-vad"
        ran = self._push("ana", self.voice, model, "voice activity")
        release = ran.json()
        version = f"{model}@{release['version']}"
        reason = "the scan read the code and both graphs"
        approved = self.stage.assay(
            "approve", version, "--reason", reason, "--format", "json", who="ben"
        )
        return Step(
            "pre-trained / external models",
            f"push {SILERO.requirement}, {SILERO.about}; ben approves it",
            f"scan {release['verdict']}, decision {_outcome(release)}; {_state(approved)}",
            ran.code == approved.code == 0 and release["verdict"] == "clean",
        )

    def _push_a_broken_download(self) -> Step:
        broken = self.stage.work / "broken"
        shutil.copytree(self.voice, broken)
        graph = broken / "silero_vad.onnx"
        graph.write_bytes(graph.read_bytes()[:1_000_000])
        ran = self._push("ana", broken, f"{self.namespace}/broken", "half of it")
        release = ran.json()
        unread: dict[str, Any] = next(iter(release["unread"]), {})
        return Step(
            "pre-trained / external models",
            "push the same model with one file cut off in the middle",
            f"scan {release['verdict']}: {unread.get('path')}: {unread.get('reason')}; "
            f"decision {_outcome(release)}",
            ran.code == 1 and release["verdict"] == "unknown",
        )

    def _flip_a_byte_in_storage(self) -> Step:
        _flip(self._stored_weights(), 5_000_000)
        ran = self.stage.hub(DOWNLOAD, "app", self.model, self.version, cache="another-host")
        release = self._show(self.version)
        return Step(
            "model registry",
            "change one bit of the weights in the server's storage, then download",
            f"the stream was cut before the changed bytes; the release is {release['state']}",
            ran.code != 0 and release["state"] == "held",
        )

    def _mend_the_storage(self) -> Step:
        _flip(self._stored_weights(), 5_000_000)
        ran = self._act("resume", "sam", "storage restored and compared")
        return Step(
            "people and processes",
            "restore the storage; sam, a security person, resumes the release",
            _state(ran),
            ran.code == 0 and ran.json()["state"] == "approved",
        )

    def _revoke(self) -> Step:
        (self.folder / "NOTES.md").write_text("Second release of the tour.\n")
        (self.folder / "model.sig").unlink()
        key = str(self.stage.work / "publisher.key")
        self.stage.assay("sign", str(self.folder), "--key", key)
        second = self._push("ana", self.folder, self.model, "second release").json()["version"]
        approved = self._act("approve", "ben", "only notes were added", second)
        promoted = self._promote("ben", second)
        served = self.stage.hub(DOWNLOAD, "app", self.model, "production")
        self._act("revoke", "sam", "a backdoor was reported in the training data", second)
        ran = self.stage.hub(DOWNLOAD, "app", self.model, "production")
        return Step(
            "model registry",
            "approve, promote and serve a second release, revoke it, download production again",
            _refusal(ran),
            approved.code == promoted.code == served.code == 0
            and ran.code == 1
            and "backdoor was reported" in ran.text,
        )

    def _export_the_evidence(self) -> Step:
        ran = self.stage.assay(
            *("evidence", "export", f"{self.model}@{self.version}", "--out", str(self.evidence)),
            who="app",
        )
        size = self.evidence.stat().st_size if self.evidence.exists() else 0
        return Step(
            "people and processes",
            "export the evidence of the first release into one file",
            f"{size:,} bytes: scan, signature, approval, decision, log proofs",
            ran.code == 0 and size > 0,
        )

    def _verify_offline(self) -> Step:
        code = self.stage.stop()
        ran = self._verify_evidence(self.pulled)
        return Step(
            "deployment pipeline",
            "stop the server; verify the folder against the evidence, offline",
            _last_line(ran),
            code == 0 and ran.code == 0,
        )

    def _verify_offline_with_a_change(self) -> Step:
        ran = self._verify_evidence(self.stage.work / "tampered")
        return Step(
            "deployment pipeline",
            "verify the changed copy against the same evidence",
            _refusal(ran),
            ran.code == 1 and "model.safetensors" in ran.text,
        )

    def _verify_the_log(self) -> Step:
        trust = str(self.stage.config.keys_folder / "trust.json")
        log = str(self.stage.config.log_folder)
        ran = self.stage.assay("log", "verify", log, "--trust-root", trust)
        return Step(
            "people and processes",
            "recompute the whole transparency log from its files",
            _last_line(ran),
            ran.code == 0,
        )

    def _start_again(self) -> Step:
        self.stage.start()
        release = self._show(self.version)
        return Step(
            "cloud and serving infrastructure",
            "start the server again on the same folder",
            f"{self.model}@{self.version[:12]} is {release['state']}",
            release["state"] == "approved",
        )

    def _push(self, who: str, folder: Path, model: str, title: str) -> Ran:
        return self.stage.assay(
            "push", str(folder), model, "--title", title, "--format", "json", who=who
        )

    def _act(self, action: str, who: str, reason: str, version: str = "") -> Ran:
        release = f"{self.model}@{version or self.version}"
        return self.stage.assay(action, release, "--reason", reason, "--format", "json", who=who)

    def _promote(self, who: str, version: str = "") -> Ran:
        release = f"{self.model}@{version or self.version}"
        return self.stage.assay(
            "promote", release, "production", "--reason", "tour", "--format", "json", who=who
        )

    def _show(self, version: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.stage.assay(
            "show", f"{self.model}@{version}", "--format", "json", who="sam"
        ).json()
        return shown

    def _digest(self, folder: Path) -> str:
        return self.stage.assay("digest", str(folder)).out.split()[0]

    def _verify_evidence(self, folder: Path) -> Ran:
        trust = self.stage.config.keys_folder / "trust.json"
        return self.stage.assay(
            "verify", str(folder), "--evidence", str(self.evidence), "--trust-root", str(trust)
        )

    def _stored_weights(self) -> Path:
        """The stored file with the weights: the largest blob of this model."""
        blobs = (p for p in self.stage.config.blobs_folder.rglob("*") if p.is_file())
        size = (self.folder / "model.safetensors").stat().st_size
        return next(path for path in blobs if path.stat().st_size == size)


def _flip(path: Path, offset: int) -> None:
    """Change one bit, whatever the file's mode says."""
    path.chmod(0o640)
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


def _last_line(ran: Ran) -> str:
    lines = [line.strip() for line in ran.text.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit code {ran.code}"


def _refusal(ran: Ran) -> str:
    """The words that say why, without the client's boilerplate around them."""
    lines = [line.strip() for line in ran.text.splitlines() if line.strip()]
    kind = lines[0].split()[0] if lines else ""
    if kind.endswith("Error"):  # the Hub client: its own words, then ours
        lines = [line for line in lines if not _BOILERPLATE.match(line)]
        return f"{kind}: {lines[0] if lines else ''}"[:300]
    return (lines or [f"exit code {ran.code}"])[0][:300]


def _first_reason(release: dict[str, Any]) -> str:
    for reason in release["decision"]["reasons"]:
        if reason["result"] not in ("pass", "waived"):
            return str(reason["message"])
    return "no reason given"


def _outcome(release: dict[str, Any]) -> str:
    decision = release.get("decision") or {}
    return str(decision.get("outcome", "none"))


def _state(ran: Ran) -> str:
    return str(ran.json()["state"]) if ran.code == 0 else _refusal(ran)

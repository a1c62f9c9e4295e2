"""Evidence is verified with no server; whatever was changed, left out or swapped is named."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from assay.core.attestation import Envelope, Signature, Statement
from assay.core.canonical import canonical_json
from assay.core.decision import Outcome
from assay.core.digest import Digest
from assay.core.errors import DataError, UsageError
from assay.core.manifest import Manifest
from assay.evidence.bundle import EvidenceBundle, EvidenceItem, logged_item
from assay.evidence.folder import FolderDiffersError
from assay.evidence.kinds import KINDS
from assay.evidence.verify import verify_evidence
from assay.log.entries import LogEntry
from assay.log.proof import LogProof
from assay.log.read import LogFolder
from assay.policy import decision as policy_decision
from assay.releases import statements
from assay.signing.dsse import sign_envelope
from assay.signing.keys import new_signer
from evidence_making import (
    NOW,
    RELEASE,
    Made,
    make_evidence,
    make_model,
    make_server,
)

LATER = NOW + timedelta(minutes=1)
ELSEWHERE = "acme/other@" + "2" * 40


@pytest.fixture
def made(tmp_path) -> Made:
    return make_evidence(tmp_path)


def verify(made, bundle=None, **changes):
    data = bundle if isinstance(bundle, bytes) else (bundle or made.bundle()).to_bytes()
    arguments = {
        "folder": None,
        "trust": made.server.keys.trust.document,
        "fingerprint": None,
        "now": LATER,
        **changes,
    }
    return verify_evidence(data, **arguments)


def swapped(made, number, item):
    items = list(made.server.items())
    items[number] = item
    return made.bundle(items=tuple(items))


def place(made, kind):
    """Where the last item of a kind stands."""
    return max(n for n, item in enumerate(made.server.items()) if item.kind == kind)


def test_a_release_that_passed_verifies_with_its_folder(made):
    report = verify(made, folder=made.model)
    assert (report.release, report.tree) == (RELEASE, made.server.tree)
    assert report.folder_checked
    assert not report.decision_expired
    assert report.decision.outcome is Outcome.ALLOW
    assert [item.kind for item in report.items] == [
        "scan", "signature", "decision", "state", "approval", "decision", "state",
    ]  # fmt: skip
    assert [item.index for item in report.items] == list(range(300, 307))
    assert report.items[4].key_id == made.server.keys.approval.key_id
    assert report.fingerprint == made.server.keys.fingerprint
    document = json.loads(json.dumps(report.to_json()))
    assert document["schema"] == "assay.evidence-report/1"
    assert document["log"]["size"] == 307
    assert document["decision"]["expired"] is False


def test_a_bundle_is_read_back_as_it_was_written(made):
    bundle = made.bundle()
    again = EvidenceBundle.parse(bundle.to_bytes())
    assert again.to_bytes() == bundle.to_bytes()
    assert again.items == bundle.items
    assert again.bundles == (made.publisher,)


def test_the_fingerprint_alone_is_enough(made):
    fingerprint = made.server.keys.fingerprint
    assert verify(made, trust=None, fingerprint=fingerprint).fingerprint == fingerprint


def test_a_bundle_cannot_vouch_for_itself(made):
    with pytest.raises(UsageError, match="vouch for itself"):
        verify(made, trust=None)


@pytest.mark.parametrize("own_trust", [True, False])
def test_a_wrong_fingerprint_is_refused(made, own_trust):
    trust = None if own_trust else made.server.keys.trust.document
    with pytest.raises(DataError, match="fingerprint"):
        verify(made, trust=trust, fingerprint="0" * 64)


def test_evidence_of_another_server_is_refused(made, tmp_path):
    other = make_server(tmp_path / "other", made.model)
    with pytest.raises(DataError, match="another server"):
        verify(made, trust=other.keys.trust.document)
    forged = made.bundle(trust=other.keys.trust.document)
    with pytest.raises(DataError, match="another server"):
        verify(made, forged)
    with pytest.raises(DataError, match="checkpoint"):
        verify(made, forged, trust=other.keys.trust.document)


# The folder


def test_files_that_differ_are_named(made):
    data = made.bundle().to_bytes()
    (made.model / "model.bin").write_bytes(b"Weights")
    (made.model / "sub" / "config.json").unlink()
    (made.model / "extra.py").write_bytes(b"import os")
    with pytest.raises(FolderDiffersError) as caught:
        verify(made, data, folder=made.model)
    assert caught.value.changed == ("model.bin",)
    assert caught.value.missing == ("sub/config.json",)
    assert caught.value.extra == ("extra.py",)
    assert str(caught.value).endswith(
        "changed: model.bin; missing: sub/config.json; extra: extra.py"
    )


def test_a_link_out_of_the_folder_is_named(made, tmp_path):
    data = made.bundle().to_bytes()
    (tmp_path / "elsewhere").write_bytes(b"x")
    (made.model / "link.bin").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FolderDiffersError, match=r"link\.bin"):
        verify(made, data, folder=made.model)


def test_many_files_are_counted_not_listed(made):
    data = made.bundle().to_bytes()
    for number in range(30):
        (made.model / f"extra-{number:02}").write_bytes(b"")
    with pytest.raises(FolderDiffersError, match=r"extra-19 and 10 more"):
        verify(made, data, folder=made.model)


# Another release


def test_a_bundle_of_another_release_is_refused(made, tmp_path):
    other = make_evidence(tmp_path / "b")
    (other.model / "model.bin").write_bytes(b"other")
    other = Made(other.model, make_server(tmp_path / "c", other.model))
    scan = other.server.scan()
    other.server.decide({"scan": [scan]})
    bundle = other.bundle(bundles=())
    assert verify(other, bundle, folder=other.model).release == RELEASE
    with pytest.raises(FolderDiffersError, match=r"changed: model\.bin"):
        verify(other, bundle, folder=made.model)
    with pytest.raises(DataError, match=f"is about {RELEASE}, not {ELSEWHERE}"):
        verify(other, bundle, release=ELSEWHERE)


def test_a_bundle_renamed_to_another_release_is_refused(made):
    with pytest.raises(DataError, match=f"is about {RELEASE}, not {ELSEWHERE}"):
        verify(made, made.bundle(release=ELSEWHERE))


def test_an_approval_of_another_release_of_the_same_tree_is_refused(made):
    made.server.approve(release=ELSEWHERE)
    with pytest.raises(DataError, match=f"approval .*is about {ELSEWHERE}"):
        verify(made)


def test_a_manifest_of_another_tree_is_refused(made):
    value = json.loads(made.bundle().to_bytes())
    value["manifest"]["files"][0]["digest"] = str(Digest.of(b"backdoored"))
    with pytest.raises(DataError, match="the manifest is of"):
        verify(made, canonical_json(value))
    value["tree"] = str(Manifest.from_json(value["manifest"]).tree_digest)
    value["oms_root"] = None
    with pytest.raises(DataError, match="another tree"):
        verify(made, canonical_json(value))


def test_another_oms_root_is_refused(made):
    with pytest.raises(DataError, match="OMS root"):
        verify(made, made.bundle(oms_root=Digest.of(b"other")))
    with pytest.raises(DataError, match="OMS root"):
        verify(made, made.bundle(oms_root=None))


# Envelopes


def test_a_swapped_envelope_is_refused(made, tmp_path):
    """The scan of another tree, signed by the same server and logged, in the place of this one."""
    model = make_model(tmp_path / "another" / "model", b"evil")
    other = make_server(tmp_path / "another", model)
    other.keys, other.folder, other.growth = (
        made.server.keys, made.server.folder, made.server.growth,
    )  # fmt: skip
    other.scan()
    number = place(made, "scan")
    with pytest.raises(DataError, match=r"scan sha256:.*another tree"):
        verify(made, swapped(made, number, other.items()[0]))


@pytest.mark.parametrize("kind", sorted({"scan", "decision", "approval", "signature", "state"}))
def test_a_statement_signed_by_another_key_is_refused(made, kind):
    number = place(made, kind)
    item = made.server.items()[number]
    for signer in (new_signer(), made.server.keys.agent_jobs):
        forged = sign_envelope(item.envelope.statement(), signer)
        with pytest.raises(DataError, match=rf"{kind} sha256:.* is not signed by"):
            verify(made, swapped(made, number, replace(item, envelope=forged)))


def test_a_decision_signed_with_the_approval_key_is_refused(made):
    number = place(made, "decision")
    item = made.server.items()[number]
    forged = sign_envelope(item.envelope.statement(), made.server.keys.approval)
    with pytest.raises(DataError, match="is not signed by the server's decision key"):
        verify(made, swapped(made, number, replace(item, envelope=forged)))


def test_a_changed_payload_or_signature_is_refused(made):
    number = place(made, "approval")
    item = made.server.items()[number]
    envelope = item.envelope
    payload = envelope.payload.replace(b"ben", b"eve")
    signature = bytes([*envelope.signatures[0].sig[:-1], envelope.signatures[0].sig[-1] ^ 1])
    for forged in (
        Envelope(payload, envelope.signatures),
        Envelope(envelope.payload, (Signature(signature, envelope.signatures[0].keyid),)),
        Envelope(envelope.payload, envelope.signatures, "text/plain"),
    ):
        with pytest.raises(DataError, match="approval sha256"):
            verify(made, swapped(made, number, replace(item, envelope=forged)))


def test_a_statement_under_another_kind_is_refused(made):
    number = place(made, "scan")
    item = made.server.items()[number]
    with pytest.raises(DataError, match=r"not a https://assay\.dev/predicate/signature-check/v1"):
        verify(made, swapped(made, number, replace(item, kind="signature")))
    with pytest.raises(DataError, match="not a kind of evidence: 'hearsay'"):
        verify(made, swapped(made, number, replace(item, kind="hearsay")))


def test_the_same_statement_twice_is_refused(made):
    items = made.server.items()
    with pytest.raises(DataError, match="is there twice"):
        verify(made, made.bundle(items=(*items, items[0])))


# What the decision rests on


@pytest.mark.parametrize("kind", ["approval", "scan", "signature"])
def test_stripped_evidence_is_refused(made, kind):
    kept = tuple(item for item in made.server.items() if item.kind != kind)
    with pytest.raises(DataError, match=f"the decision rests on {kind} sha256"):
        verify(made, made.bundle(items=kept, bundles=()))


def test_evidence_without_a_decision_is_refused(made):
    kept = tuple(item for item in made.server.items() if item.kind != "decision")
    with pytest.raises(DataError, match="holds no decision"):
        verify(made, made.bundle(items=kept))
    with pytest.raises(DataError, match="holds no decision"):
        verify(made, made.bundle(items=()))


def test_an_older_decision_does_not_stand_in_for_the_newest(made):
    """The order is that of the log, not of the file and not of the clock."""
    made.server.decide({}, outcome=Outcome.DENY, at=NOW - timedelta(seconds=1))
    items = made.server.items()
    for order in (items, items[::-1]):
        with pytest.raises(DataError, match=r"does not allow it \(deny\): the scan says no"):
            verify(made, made.bundle(items=order))


def test_waiting_for_approval_is_not_yes(made):
    made.server.decide({}, outcome=Outcome.NEEDS_APPROVAL)
    with pytest.raises(DataError, match="needs-approval"):
        verify(made)


@pytest.mark.parametrize("state", ["held", "revoked", "rejected", "quarantined", "evaluated"])
def test_a_release_that_was_withdrawn_after_the_decision_is_refused(made, state):
    made.server.move(state, LATER)
    with pytest.raises(DataError, match=f"the release is {state}"):
        verify(made)


def test_a_deprecated_or_resumed_release_still_passes(made):
    for second, state in enumerate(("held", "approved", "deprecated")):
        made.server.move(state, NOW + timedelta(seconds=second + 1))
    assert verify(made).decision.outcome is Outcome.ALLOW


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("verificationResult",), "FAILED", "not that of its outcome"),
        (("assay", "outcome"), "deny", "not that of its outcome"),
        (("assay", "not_after"), "2027-11-24T12:00:00Z", "over 24 hours"),
        (("assay", "not_after"), "2026-11-24T12:00:00Z", "for no time"),
        (("assay", "not_after"), 7, "not a decision"),
        (("assay", "tree"), str(Digest.of(b"x")), "decides on"),
        (("assay", "release"), ELSEWHERE, "decides on"),
        (("assay", "oms_root"), str(Digest.of(b"x")), "another OMS root"),
        (("assay", "evidence"), [], "twice and differently"),
        (("assay", "reasons"), None, "not a decision"),
        (("inputAttestations",), [], "twice and differently"),
        (("assay",), None, "not a decision"),
    ],
)
def test_a_decision_that_contradicts_itself_is_refused(made, path, value, reason):
    """Signed by the right key all the same: as by a server with a mistake in it."""

    def change(statement: Statement) -> Statement:
        predicate = json.loads(json.dumps(dict(statement.predicate)))
        inner = predicate
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = value
        return replace(statement, predicate=predicate)

    scan = made.server.items()[0].envelope.digest
    made.server.decide({"scan": [scan]}, change=change)
    with pytest.raises(DataError, match=reason):
        verify(made)


# Time


def test_an_expired_decision_is_reported(made):
    end = NOW + timedelta(hours=24)
    assert not verify(made, now=end).decision_expired
    report = verify(made, now=end + timedelta(seconds=1))
    assert report.decision_expired
    assert report.to_json()["decision"]["expired"] is True


def test_a_decision_from_the_future_is_refused(made):
    verify(made, now=NOW - timedelta(minutes=4))
    with pytest.raises(DataError, match="from the future"):
        verify(made, now=NOW - timedelta(minutes=6))


# The log


def changed_proof(item, change):
    return replace(item, proof=change(LogProof.parse(item.proof)).to_text())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda proof: replace(proof, hashes=proof.hashes[:-1]), "too short"),
        (lambda proof: replace(proof, hashes=proof.hashes[1:]), "another root|too short"),
        (lambda proof: replace(proof, hashes=()), "too short"),
        (lambda proof: replace(proof, index=proof.index - 1), "another root|too short"),
        (lambda proof: replace(proof, index=10**6), "no entry"),
        (lambda proof: replace(proof, extra=None), "does not carry the entry"),
        (lambda proof: replace(proof, extra=b"{}"), "entry"),
        (lambda proof: replace(proof, note=proof.note + b"\n"), "another checkpoint"),
    ],
)
def test_a_truncated_or_changed_proof_is_refused(made, change, reason):
    number = place(made, "approval")
    item = changed_proof(made.server.items()[number], change)
    with pytest.raises(DataError, match=reason) as caught:
        verify(made, swapped(made, number, item))
    assert caught.value.subject.startswith("approval sha256:")


def test_the_proof_of_another_statement_is_refused(made):
    number, items = place(made, "approval"), made.server.items()
    item = replace(items[number], proof=items[place(made, "scan")].proof)
    with pytest.raises(DataError, match="proof is of another entry"):
        verify(made, swapped(made, number, item))


def test_an_entry_that_was_made_up_is_not_in_the_log(made):
    number = place(made, "approval")
    item = made.server.items()[number]
    made_up = LogEntry("approval", item.envelope.digest, made.server.tree, LATER).to_bytes()
    item = changed_proof(item, lambda proof: replace(proof, extra=made_up))
    with pytest.raises(DataError, match="is not shown to be logged"):
        verify(made, swapped(made, number, item))


def test_a_text_that_is_no_proof_is_refused(made):
    number = place(made, "scan")
    item = made.server.items()[number]
    for text in ("", "c2sp.org/tlog-proof@v1\n", item.proof[: len(item.proof) // 2]):
        with pytest.raises(DataError):
            verify(made, swapped(made, number, replace(item, proof=text)))


def test_a_statement_that_was_not_logged_is_refused(made):
    """A server that signs but does not log is what the log is there to show."""
    statement = made.server.items()[0].envelope.statement()
    envelope = sign_envelope(
        replace(statement, predicate={**statement.predicate, "verdict": "malicious"}),
        made.server.keys.decision,
    )
    log = LogFolder(made.server.folder)
    item = logged_item("scan", envelope, tree=made.server.tree, at=NOW, log=log, note=log.note())
    assert item == EvidenceItem("scan", envelope, None)
    with pytest.raises(DataError, match="has no proof that it was logged"):
        verify(made, made.bundle(items=(*made.server.items(), item)))


def test_evidence_without_a_checkpoint_is_refused(made):
    with pytest.raises(DataError, match="no checkpoint"):
        verify(made, made.bundle(checkpoint=None))


def test_a_checkpoint_by_another_log_is_refused(made, tmp_path):
    other = make_server(tmp_path / "other", made.model)
    other.log(*(LogEntry("audit", Digest.of(b"%d" % n), None, NOW) for n in range(307)))
    with pytest.raises(DataError, match="checkpoint"):
        verify(made, made.bundle(checkpoint=LogFolder(other.folder).note()))


def test_an_item_is_proved_at_its_index_only(made):
    log = LogFolder(made.server.folder)
    envelope = made.server.items()[0].envelope
    common = {"tree": made.server.tree, "at": NOW, "log": log, "note": log.note()}
    assert logged_item("scan", envelope, index=300, **common) == made.server.items()[0]
    assert logged_item("scan", envelope, index=999, **common).proof is None
    with pytest.raises(DataError, match="another entry is there"):
        logged_item("scan", envelope, index=301, **common)


# The file


def test_a_publishers_bundle_nobody_spoke_of_is_refused(made):
    with pytest.raises(DataError, match="no statement speaks of it"):
        verify(made, made.bundle(bundles=(made.publisher, b"smuggled")))


def test_duplicate_json_keys_are_refused(made):
    data = made.bundle().to_bytes()
    doubled = data[:-1] + b',"release":"acme/evil@' + b"3" * 40 + b'"}'
    with pytest.raises(DataError, match="duplicate JSON key 'release'"):
        verify(made, doubled)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "assay.evidence/2"}, {"more": 1}, {"envelopes": {}}, {"envelopes": [[]]},
        {"envelopes": [{"kind": "scan"}]}, {"bundles": ["!"]}, {"bundles": [7]}, {"bundles": None},
        {"release": None}, {"tree": None}, {"manifest": []}, {"oms_root": 7}, {"checkpoint": 7},
        {"trust": None}, {"trust": {}}, {"trust": "text"},
    ],
)  # fmt: skip
def test_what_is_no_evidence_bundle_is_refused(made, change):
    value = {**json.loads(made.bundle().to_bytes()), **change}
    with pytest.raises(DataError):
        verify(made, canonical_json(value))


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"7", b'"x"', b"{}", b"\xff", b"[" * 9999])
def test_what_is_no_document_is_refused(made, data):
    with pytest.raises(DataError):
        verify(made, data)


def test_every_field_must_be_there(made):
    value = json.loads(made.bundle().to_bytes())
    for name in value:
        with pytest.raises(DataError):
            verify(made, canonical_json({key: value[key] for key in value if key != name}))


def test_no_changed_byte_of_the_file_passes(made):
    """Every 97th, one at a time. Only a key id may change: it is a hint and is not signed."""
    data = made.bundle().to_bytes()
    accepted = []
    for at in range(0, len(data), 97):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            verify(made, changed)
        except DataError:
            continue
        accepted.append(data[max(0, at - 80) : at + 1])
    assert [part for part in accepted if b'"keyid"' not in part] == []


def test_the_kinds_are_those_that_releases_make():
    assert KINDS["decision"].predicate == policy_decision.PREDICATE
    for kind in ("scan", "signature", "approval", "state", "alias"):
        assert KINDS[kind].predicate == getattr(statements, kind.upper())


@pytest.mark.parametrize(
    "change",
    [
        {"inputAttestations": None},
        {"inputAttestations": [{"digest": 1}]},
        {"timeVerified": "9999-12-31T23:59:59Z"},
        {"timeVerified": "0001-01-01T00:00:00+23:00"},
    ],
)
def test_a_decision_of_another_form_ends_in_a_typed_error(made, change):
    made.server.decide(
        {},
        change=lambda one: replace(one, predicate={**one.predicate, **change}),
    )
    with pytest.raises(DataError, match="decision"):
        verify(made)

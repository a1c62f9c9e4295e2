"""Publishers' signatures at intake: over these files, by whom the namespace trusts."""

from __future__ import annotations

import pytest

from assay.core.attestation import Envelope
from assay.core.names import ModelName
from assay.releases import gathering
from assay.releases.approving import approve
from assay.releases.governing import set_namespace
from assay.signing.interface import sign
from assay.signing.keys import generate
from assay.store import attestations, log_queue
from assay.workflows.recall import redecide
from assay.workflows.signatures import check_signatures
from workflows.intake_making import clean, run_intake

FILES = clean()


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("publisher") / "release.key"
    generate(path)
    return path


@pytest.fixture
def bundle(tmp_path, key):
    """Signs files; the bundle's bytes."""

    def made(files=FILES, **options) -> bytes:
        folder = tmp_path / "model"
        folder.mkdir(exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        out = tmp_path / "model.sig"
        out.unlink(missing_ok=True)
        sign(folder, key=key, out=out, **options)
        return out.read_bytes()

    return made


def trust(house, *paths):
    pems = [path.with_name(path.name + ".pub").read_text() for path in paths]
    rule = {"keys": pems} if pems else None
    set_namespace(house.inst, house.who("root"), "acme", "enforce", rule)


def statuses(house, made):
    return run_intake(house.inst, made.intake.id)["signatures"]["statuses"]


def checks(house, release):
    with house.inst.store.read() as connection:
        return [
            row
            for row in attestations.evidence_of(connection, release.tree)
            if row.kind == gathering.SIGNATURE
        ]


def approved(house, made) -> str:
    return approve(house.inst, house.who("ben"), made.release.id, reason="ok").release.state


def test_a_signature_by_a_trusted_key_is_valid(house, bundle, key):
    trust(house, key)
    made = house.push(FILES, signatures=[bundle()])
    assert statuses(house, made) == ["valid"]
    assert approved(house, made) == "approved"
    [row] = checks(house, made.release)
    assert len(row.verification["signers"]) == 1


def test_without_a_trust_rule_a_signature_is_nobodys(house, bundle):
    made = house.push(FILES, signatures=[bundle()])
    assert statuses(house, made) == ["untrusted"]
    assert approved(house, made) == "approved"


def test_a_trust_rule_denies_what_is_not_signed(one_house, key):
    trust(one_house, key)
    made = one_house.push(FILES)
    assert statuses(one_house, made) == ["none"]
    with one_house.inst.store.read() as connection:
        from assay.store import decisions

        assert decisions.latest(connection, made.release.id).outcome == "deny"


def test_a_signature_over_other_files_is_invalid_whoever_made_it(one_house, bundle):
    made = one_house.push(FILES, signatures=[bundle(clean("other"))])
    assert statuses(one_house, made) == ["invalid"]


def test_one_broken_signature_counts_beside_a_good_one(one_house, bundle, key):
    trust(one_house, key)
    good, bad = bundle(), bundle(clean("other"))
    made = one_house.push(FILES, signatures=[good, bad])
    assert sorted(statuses(one_house, made)) == ["invalid", "valid"]


@pytest.mark.parametrize("kind", ["sha256", "blake2b", "blake3"])
def test_other_hashes_are_checked_over_the_stored_bytes(one_house, bundle, key, kind):
    trust(one_house, key)
    signature = bundle(method="shards", hash_type=kind, shard_size=16)
    assert statuses(one_house, one_house.push(FILES, signatures=[signature])) == ["valid"]
    made = one_house.push(
        {**FILES, "config.json": b"[]"}, signatures=[signature], model=ModelName("acme", "other")
    )
    assert statuses(one_house, made) == ["invalid"]


def test_a_check_is_signed_logged_and_made_once(house, bundle, key):
    trust(house, key)
    made = house.push(FILES, signatures=[bundle()])
    first = check_signatures(house.inst, made.release.id)
    assert check_signatures(house.inst, made.release.id) == first
    [row] = checks(house, made.release)
    with house.inst.store.read() as connection:
        kept = attestations.get(connection, row.attestation)
        entries = [one.entry for one in log_queue.waiting(connection)]
    predicate = Envelope.parse(kept.envelope).statement().predicate
    assert (predicate["status"], predicate["bundle"]) == ("valid", str(first[0].bundle))
    assert any(str(kept.statement).encode() in entry for entry in entries)


def test_a_key_that_is_trusted_no_longer_holds_what_it_signed(house, bundle, key, tmp_path):
    trust(house, key)
    made = house.push(FILES, signatures=[bundle()])
    run_intake(house.inst, made.intake.id)
    assert approved(house, made) == "approved"
    generate(tmp_path / "another.key")
    trust(house, tmp_path / "another.key")
    [held] = redecide(house.inst, [made.release.tree], cause="trust", by=None)
    assert held.release.state == "held"
    assert [row.verification["status"] for row in checks(house, made.release)] == [
        "valid",
        "untrusted",
    ]


def test_a_key_that_comes_to_be_trusted_counts(house, bundle, key, tmp_path):
    generate(tmp_path / "another.key")
    trust(house, tmp_path / "another.key")
    made = house.push(FILES, signatures=[bundle()])
    assert statuses(house, made) == ["untrusted"]
    trust(house, key)
    redecide(house.inst, [made.release.tree], cause="trust", by=None)
    assert approved(house, made) == "approved"

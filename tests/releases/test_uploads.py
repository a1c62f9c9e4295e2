"""Taking bytes in: what is asked for, what is refused, what a commit makes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from assay.core.attestation import Statement, Subject
from assay.core.digest import Digest
from assay.core.errors import ConflictError, DataError, NotFoundError, RefusedError
from assay.core.manifest import Manifest, ManifestEntry
from assay.core.names import ModelName
from assay.releases import bundles, upload
from assay.releases.approving import reject
from assay.releases.presence import is_present
from assay.signing.dsse import sign_envelope
from assay.store import artifacts, intakes, models, releases
from releases.house import FILES, MODEL, manifest_of
from store_world import run_at_once

PRIVATE = ModelName("evil", "own")


def test_a_commit_makes_everything_at_once(house):
    made = house.push(title="first")
    release = made.release
    assert len(release.version) == 40
    assert (release.state, release.seq, release.title) == ("quarantined", 1, "first")
    assert made.intake.state == "pending"
    with house.inst.store.read() as connection:
        assert artifacts.manifest(connection, release.tree) == manifest_of(FILES)
        assert artifacts.get(connection, release.tree).oms_root is not None
        entry = artifacts.entry(connection, release.tree, "config.json")
    assert entry.git_oid == "9e26dfeeb6e641a33dae4961196235bdb965b21b"  # git's own, of `{}`


def test_only_publishers_publish(house):
    for name in ("rex", "ben", "sam", "eve"):
        with pytest.raises(RefusedError):
            house.push(who=name)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds no file"),
        ({f"{n}.bin": b"" for n in range(101)}, "101 files"),
        ({".git/config": b""}, "no release has files in .git"),
        ({".assay/evidence.jsonl": b""}, "no release has files in .assay"),
        ({".Assay/evidence.jsonl": b""}, "no release has files in .Assay"),
    ],
)
def test_manifests_no_release_can_have(one_house, files, message):
    with pytest.raises(DataError, match=message):
        upload.begin(one_house.inst, one_house.who("ana"), MODEL, manifest_of(files))


def test_a_file_over_the_limit(one_house):
    entry = ManifestEntry("model.bin", 64 * 1024 * 1024 + 1, Digest.of(b""))
    with pytest.raises(DataError, match="more than the"):
        upload.begin(one_house.inst, one_house.who("ana"), MODEL, Manifest.of([entry]))


def test_names_are_the_same_in_any_case(house):
    first = house.push().release
    second = house.push({"a": b"a"}, model=ModelName("ACME", "TINY")).release
    assert second.model_id == first.model_id
    with house.inst.store.read() as connection:
        assert str(models.get(connection, first.model_id).full_name) == "acme/tiny"


def test_other_bytes_than_announced_are_refused(house):
    ana = house.who("ana")
    begun = upload.begin(house.inst, ana, MODEL, manifest_of(FILES))
    digest = Digest.of(FILES["model.bin"])
    with pytest.raises(DataError):
        upload.receive(house.inst, ana, begun.id, digest, [b"x" * 700])
    with pytest.raises(DataError):
        upload.receive(house.inst, ana, begun.id, digest, [FILES["model.bin"], b"more"])
    with pytest.raises(DataError, match="no file of the manifest"):
        upload.receive(house.inst, ana, begun.id, Digest.of(b"else"), [b"else"])
    with pytest.raises(ConflictError, match="have not been sent"):
        upload.commit(house.inst, ana, begun.id)


def test_an_upload_is_its_publishers_alone(house):
    house.give("cyd", "publisher", "acme")
    begun = house.send(FILES)
    digest = Digest.of(FILES["model.bin"])
    for act in (
        lambda: upload.commit(house.inst, house.who("cyd"), begun.id),
        lambda: upload.receive(house.inst, house.who("cyd"), begun.id, digest, []),
        lambda: upload.commit(house.inst, house.who("ana"), "nothing"),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_an_upload_expires(house):
    begun = house.send(FILES)
    house.inst.clock.advance(hours=25)
    with pytest.raises(ConflictError, match="expired"):
        upload.commit(house.inst, house.who("ana"), begun.id)
    with pytest.raises(ConflictError, match="expired"):
        upload.receive(house.inst, house.who("ana"), begun.id, Digest.of(b"{}"), [b"{}"])


def test_what_one_sent_within_the_hour_is_not_asked_for_again(house):
    first = house.send(FILES)
    assert len(first.missing) == 2
    assert house.send(FILES).missing == ()
    house.inst.clock.advance(minutes=61)
    assert len(house.send(FILES).missing) == 2


def test_what_others_sent_is_asked_for(house):
    house.send(FILES)
    house.give("cyd", "publisher", "acme")
    begun = upload.begin(house.inst, house.who("cyd"), MODEL, manifest_of(FILES))
    assert len(begun.missing) == 2


def test_what_is_in_a_release_one_reads_is_not_asked_for(house):
    house.approved()
    house.inst.clock.advance(hours=2)
    other = ModelName("acme", "other")
    begun = upload.begin(house.inst, house.who("ana"), other, manifest_of(FILES))
    assert begun.missing == ()
    begun = upload.begin(house.inst, house.who("eve"), PRIVATE, manifest_of(FILES))
    assert len(begun.missing) == 2


def test_a_digest_alone_gives_nobody_anothers_bytes(house):
    """Naming the digest of bytes one cannot read does not make a release of them."""
    house.approved()
    eve = house.who("eve")
    begun = upload.begin(house.inst, eve, PRIVATE, manifest_of(FILES))
    with pytest.raises(ConflictError, match="have not been sent"):
        upload.commit(house.inst, eve, begun.id)
    with house.inst.store.read() as connection:
        assert not is_present(house.inst, connection, eve, Digest.of(b"{}"))
        assert is_present(house.inst, connection, house.who("rex"), Digest.of(b"{}"))


def test_readers_are_not_told_of_quarantined_bytes(house):
    house.evaluated()
    with house.inst.store.read() as connection:
        assert not is_present(house.inst, connection, house.who("rex"), Digest.of(b"{}"))
        assert is_present(house.inst, connection, house.who("ben"), Digest.of(b"{}"))


def test_pushing_the_same_again_is_the_same_release(house):
    first = house.push()
    second = house.push(title="again")
    assert second == first
    house.take_in(first)
    reject(house.inst, house.who("ben"), first.release.id, reason="no")
    third = house.push()
    assert third.release.id != first.release.id
    assert third.release.version != first.release.version
    assert third.release.tree == first.release.tree


def test_another_persons_push_of_the_same_is_another_release(house):
    house.give("cyd", "publisher", "acme")
    assert house.push().release.id != house.push(who="cyd").release.id


def test_committing_twice_is_once(house):
    begun, ana = house.send(FILES), house.who("ana")
    first = upload.commit(house.inst, ana, begun.id)
    assert upload.commit(house.inst, ana, begun.id) == first


def test_committing_at_once_is_once(house):
    begun, ana, made = house.send(FILES), house.who("ana"), []
    run_at_once(lambda: made.append(upload.commit(house.inst, ana, begun.id)), 4)
    assert len({one.release.id for one in made}) == 1
    with house.inst.store.read() as connection:
        assert len(releases.listed(connection, made[0].release.model_id)) == 1
        assert len(intakes.in_state(connection, "pending")) == 1


def test_two_uploads_at_once_follow_each_other(house):
    uploads = [house.send({"model.bin": bytes([n])}) for n in range(4)]
    ana, made = house.who("ana"), []
    run_at_once(lambda: made.append(upload.commit(house.inst, ana, uploads.pop().id)), 4)
    assert sorted(one.release.seq for one in made) == [1, 2, 3, 4]


def test_a_parent_is_the_newest(house):
    first = house.push().release
    with pytest.raises(ConflictError, match="is not the newest"):
        house.push({"a": b"1"}, parent="0" * 40)
    second = house.push({"a": b"1"}, parent=first.version).release
    assert second.parent == first.version
    with pytest.raises(ConflictError, match=second.version):
        house.push({"a": b"2"}, parent=first.version)


def test_of_two_pushes_onto_one_parent_one_wins(house):
    parent = house.push().release.version
    uploads = [house.send({"model.bin": bytes([n])}) for n in range(3)]
    ana, made, lost = house.who("ana"), [], []

    def go():
        try:
            made.append(upload.commit(house.inst, ana, uploads.pop().id, parent=parent))
        except ConflictError as error:
            lost.append(error)

    run_at_once(go, 3)
    assert (len(made), len(lost)) == (1, 2)


def bundle(signers, tree: str = "a" * 64) -> bytes:
    statement = Statement(
        (Subject("model", {"sha256": tree}),), "https://model_signing/signature/v1.0", {}
    )
    envelope = sign_envelope(statement, signers.decision)
    return json.dumps(
        {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"publicKey": {"hint": signers.decision.key_id}},
            "dsseEnvelope": envelope.to_json(),
        }
    ).encode()


def test_signatures_are_kept_as_they_came(house, signers):
    data = bundle(signers)
    release = house.push(signatures=[data]).release
    with house.inst.store.read() as connection:
        kept = bundles.of_release(connection, release)
    assert [row.envelope for row in kept] == [data]
    assert kept[0].predicate_type == "https://model_signing/signature/v1.0"
    assert kept[0].signer == signers.decision.key_id


def test_a_bundle_belongs_to_the_release_it_came_with(house, signers):
    data = bundle(signers)
    house.give("cyd", "publisher", "acme")
    first = house.push(signatures=[data]).release
    second = house.push(who="cyd").release
    third = house.push(model=ModelName("acme", "other"), signatures=[data]).release
    with house.inst.store.read() as connection:
        counts = [len(bundles.of_release(connection, row)) for row in (first, second, third)]
    assert counts == [1, 0, 1]


def test_the_same_files_with_a_signature_more_are_another_release(house, signers):
    data = bundle(signers)
    unsigned = house.push().release
    signed = house.push(signatures=[data]).release
    assert signed.version != unsigned.version
    assert (signed.tree, signed.state) == (unsigned.tree, "quarantined")
    assert house.push(signatures=[data]).release.version == signed.version
    assert house.push().release.version == signed.version


@pytest.mark.parametrize(
    "data", [b"", b"not json", b"[]", b"{}", b'{"dsseEnvelope": {}}', b'{"a":1,"a":2}']
)
def test_what_is_no_bundle_is_refused(one_house, data):
    begun = one_house.send(FILES)
    with pytest.raises(DataError, match=r"signature 1|duplicate"):
        upload.commit(one_house.inst, one_house.who("ana"), begun.id, signatures=[data])


def test_damaged_bytes_are_sent_again_and_mended(house):
    release = house.approved()
    path = house.damage(FILES["model.bin"])
    with pytest.raises(Exception, match="chunk"):
        house.fetch(release.version, "model.bin")
    begun = house.send(FILES)
    assert begun.missing == (Digest.of(FILES["model.bin"]),)
    assert path.read_bytes() == FILES["model.bin"]


def test_a_right_that_was_taken_ends_an_upload(house):
    begun = house.send(FILES)
    late = replace(house.who("ana"), grants=())
    with pytest.raises(RefusedError):
        upload.commit(house.inst, late, begun.id)
    with pytest.raises(RefusedError):
        upload.receive(house.inst, late, begun.id, Digest.of(b"{}"), [b"{}"])


@pytest.mark.parametrize("title", ["two\nlines", "a bell\a", "an escape \x1b[31m"])
def test_a_title_is_one_line_without_control_characters(house, title):
    with pytest.raises(DataError, match="title"):
        house.push(title=title)

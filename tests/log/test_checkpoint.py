"""Notes and keys: what is signed, what is accepted, and what is not."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assay.core.errors import DataError, UsageError
from assay.log.checkpoint import Checkpoint, LogSigner, VerifierKey, verify_checkpoint
from assay.log.tree import leaf_hash
from log_making import KEY, SIGNER

ROOT = leaf_hash(b"root")
NOTE = SIGNER.sign_checkpoint(3, ROOT)


def test_a_checkpoint_is_read_back():
    assert verify_checkpoint(NOTE, SIGNER.vkey) == Checkpoint(SIGNER.name, 3, ROOT)
    lines = NOTE.decode().split("\n")
    assert lines[:2] == ["log.example.org/assay", "3"]
    assert lines[2] == base64.b64encode(ROOT).decode()
    assert lines[4].startswith("\u2014 log.example.org/assay ")


def test_the_same_size_and_root_give_the_same_note():
    assert SIGNER.sign_checkpoint(3, ROOT) == NOTE


def test_the_key_is_not_shown():
    assert "Private" not in repr(SIGNER)


def test_signatures_of_others_are_passed_over():
    witness = LogSigner("witness.example", Ed25519PrivateKey.generate())
    line = witness.sign_checkpoint(3, ROOT).rpartition(b"\n\n")[2]
    assert verify_checkpoint(NOTE + line, SIGNER.vkey).size == 3
    with pytest.raises(DataError, match="not signed by"):
        verify_checkpoint(NOTE, witness.vkey)


def test_a_wrong_signature_beside_a_right_one_is_refused():
    text, _, line = NOTE.rpartition(b"\n\n")
    wrong = SIGNER.sign_checkpoint(4, ROOT).rpartition(b"\n\n")[2]
    with pytest.raises(DataError, match="signature is wrong"):
        verify_checkpoint(text + b"\n\n" + line + wrong, SIGNER.vkey)


def test_another_key_under_the_same_name_does_not_count():
    other = LogSigner(SIGNER.name, Ed25519PrivateKey.generate())
    with pytest.raises(DataError, match="not signed by"):
        verify_checkpoint(other.sign_checkpoint(3, ROOT), SIGNER.vkey)


def test_the_origin_is_the_keys_name():
    text = Checkpoint("other.example/log", 3, ROOT).text()
    blob = base64.b64encode(SIGNER.verifier.key_id + KEY.sign(text)).decode()
    note = text + f"\n\u2014 {SIGNER.name} {blob}\n".encode()
    with pytest.raises(DataError, match=r"of the log 'other\.example/log'"):
        verify_checkpoint(note, SIGNER.vkey)


def test_every_changed_byte_is_noticed():
    for at in range(len(NOTE)):
        changed = NOTE[:at] + bytes([NOTE[at] ^ 1]) + NOTE[at + 1 :]
        with pytest.raises(DataError):
            verify_checkpoint(changed, SIGNER.vkey)


@pytest.mark.parametrize(
    "text",
    [
        b"a\n03\n" + base64.b64encode(ROOT) + b"\n", b"a\n-1\n" + base64.b64encode(ROOT) + b"\n",
        b"a\n3\n" + base64.b64encode(ROOT[:31]) + b"\n", b"a\n3\n!\n", b"a\n3\n",
        b"a\r\n3\n" + base64.b64encode(ROOT) + b"\n", b"\xff\n3\n" + base64.b64encode(ROOT) + b"\n",
        b"a\n3\n\n" + base64.b64encode(ROOT) + b"\n", b"",
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text):
    signature = NOTE.rpartition(b"\n\n")[2]
    with pytest.raises(DataError):
        verify_checkpoint(text + b"\n" + signature, SIGNER.vkey)


@pytest.mark.parametrize("tail", [b"", b"\n", b"\nx\n", b"\n\xe2\x80\x94 a b c\n", b"\n- a YWE=\n"])
def test_what_is_no_signature_is_refused(tail):
    with pytest.raises(DataError):
        verify_checkpoint(NOTE.rpartition(b"\n\n")[0] + b"\n" + tail, SIGNER.vkey)


def test_keys_that_contradict_themselves_are_refused():
    name, number, data = SIGNER.vkey.split("+", 2)
    assert VerifierKey.parse(SIGNER.vkey).name == name
    for text in (
        f"{name}+00000000+{data}",
        f"other+{number}+{data}",
        f"{name}+{number}+{data[:-4]}",
        f"{name}+{number}+" + base64.b64encode(b"\x06" + b"k" * 32).decode(),
        f"{name}+{data}",
        "",
    ):
        with pytest.raises(DataError):
            VerifierKey.parse(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b"])
def test_a_log_cannot_have_a_name_a_note_cannot_carry(name):
    with pytest.raises(UsageError):
        LogSigner(name, KEY)

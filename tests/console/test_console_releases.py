"""The page of a release: what it shows to whom, and what can be done there."""

from __future__ import annotations

import json

import pytest

from assay.evidence.bundle import EvidenceBundle
from console.console_making import HOSTILE, add_person, address, csrf_of, sequence, visitor
from releases.house import finding


def buttons(page: str) -> set[str]:
    """The actions a page offers."""
    parts = page.split('<details class="act"')[1:]
    return {part.split("/releases/")[1].split("/")[1].split('"')[0] for part in parts}


def test_the_page_of_a_served_release_says_everything(served, shelf):
    release = shelf.approved
    with visitor(served, "rex") as rex:
        page = rex.get(address(release, "tiny")).text
    for text in (
        release.version, str(release.tree), "It is served", "The good one", "production",
        "README.md", "model.safetensors", "not-malicious", "ben", "entry ", "not signed",
        "Everything was read and nothing was found", "signed by this server",
    ):  # fmt: skip
        assert text in page, text


def test_a_denied_release_says_why_and_what_would_make_it_pass(served, shelf):
    with visitor(served, "ben") as ben:
        page = ben.get(address(shelf.denied, "bad")).text
    for text in (
        "It is not served", "policy denies it", "Unusual import", "critical", "model.pkl",
        finding().explanation, "What to do", "not-malicious", "What would make it pass",
        "Remove what was found and publish again",
    ):  # fmt: skip
        assert text in page, text


def test_what_was_not_read_is_named(served, shelf):
    with visitor(served, "ben") as ben:
        page = ben.get(address(shelf.unread, "odd")).text
    assert "no known format" in page
    assert "What was not read is not known to be clean" in page


def test_what_others_wrote_is_shown_as_text(served, shelf):
    with visitor(served, "ben") as ben:
        for path in (address(shelf.waiting, "odd"), "/", "/models/acme/odd", "/refused"):
            page = ben.get(path).text
            assert HOSTILE not in page
            assert "<script" not in page
        assert "&#34;&gt;&lt;script&gt;" in ben.get(address(shelf.waiting, "odd")).text


@pytest.mark.parametrize(
    ("who", "name", "offered"),
    [
        ("rex", "approved", set()),
        ("ana", "approved", {"deprecate"}),
        ("ben", "approved", {"promote", "deprecate"}),
        ("sam", "approved", {"hold", "revoke"}),
        ("root", "approved", {"promote", "revoke"}),
        ("ben", "waiting", {"approve", "reject"}),
        ("sam", "held", {"resume", "revoke"}),
        ("ben", "held", {"approve"}),
        ("sam", "revoked", set()),
    ],
)
def test_everyone_is_offered_what_they_may_do(served, shelf, who, name, offered):
    models = {"approved": "tiny", "waiting": "odd", "held": "held", "revoked": "gone"}
    with visitor(served, who) as person:
        page = person.get(address(getattr(shelf, name), models[name])).text
    assert buttons(page) == offered


def test_approving_with_acknowledged_findings_lets_it_be_served(served, model):
    found = finding(evidence="odd.import")
    release = served.house.evaluated({"m": b"approve me"}, model=model, findings=[found])
    with visitor(served, "ben") as ben:
        answer = ben.act(release, model.name, "approve", reason="I looked", acknowledged=found.id)
        assert answer.status_code == 303
        page = ben.client.get(answer.headers["location"]).text
    assert "Your approval is recorded" in page
    assert "It is served" in page
    assert "I looked" in page
    assert found.id in page
    assert served.house.state(release) == "approved"


def test_nobody_approves_what_they_published(served, model):
    add_person(served, "ida", "publisher", "reviewer")
    release = served.house.evaluated({"m": b"my own"}, who="ida", model=model)
    with visitor(served, "ida") as ida:
        page = ida.get(address(release, model.name)).text
        assert "somebody else approves" in page
        assert "approve" not in buttons(page)
        answer = ida.post(f"{address(release, model.name)}/approve", csrf_of(page), reason="me")
    assert answer.status_code == 403
    assert "somebody else approves" in answer.text
    assert served.house.state(release) == "evaluated"


def test_what_policy_denies_cannot_be_approved_and_what_was_typed_stays(served, shelf):
    with visitor(served, "ben") as ben:
        answer = ben.act(shelf.denied, "bad", "approve", reason="let <me> through")
    assert answer.status_code == 403
    assert "Not done: policy denies it" in answer.text
    assert "let &lt;me&gt; through</textarea>" in answer.text
    assert served.house.state(shelf.denied) == "evaluated"


@pytest.mark.parametrize("csrf", ["", "x" * 43, "\N{BULLET}"])
def test_a_forged_form_changes_nothing(served, shelf, csrf):
    with visitor(served, "sam") as sam:
        path = f"{address(shelf.approved, 'tiny')}/hold"
        answer = sam.post(path, csrf, reason="forged")
        assert answer.status_code == 403
        other = csrf_of(sam.get("/").text)
    with visitor(served, "sam") as another_session:
        assert another_session.post(path, other, reason="forged").status_code == 403
    assert served.house.state(shelf.approved) == "approved"


def test_a_form_without_a_session_changes_nothing(served, shelf):
    with visitor(served) as nobody:
        answer = nobody.post(f"{address(shelf.approved, 'tiny')}/hold", "x" * 43, reason="x")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/sign-in"
    assert served.house.state(shelf.approved) == "approved"


def test_holding_resuming_deprecating_and_promoting(served, model):
    release = served.house.approved({"m": b"moves"}, model=model)
    with visitor(served, "sam") as sam, visitor(served, "ben") as ben:
        for person, action, state, fields in (
            (sam, "hold", "held", {}),
            (sam, "resume", "approved", {}),
            (ben, "deprecate", "deprecated", {}),
            (ben, "undeprecate", "approved", {}),
            (ben, "promote", "approved", {"alias": "staging"}),
        ):
            answer = person.act(release, model.name, action, reason="because", **fields)
            assert answer.status_code == 303, answer.text
            assert served.house.state(release) == state
        page = ben.get(f"/models/{model}").text
    assert "staging" in page


def test_revoking_has_to_be_confirmed_and_is_final(served, model):
    release = served.house.approved({"m": b"to go"}, model=model)
    with visitor(served, "sam") as sam:
        answer = sam.act(release, model.name, "revoke", reason="poisoned")
        assert answer.status_code == 400
        assert "cannot be taken back" in answer.text
        assert served.house.state(release) == "approved"
        assert sam.act(release, model.name, "revoke", reason="poisoned", final="yes").is_redirect
        page = sam.get(address(release, model.name)).text
    assert served.house.state(release) == "revoked"
    assert "Was revoked: poisoned" in page


def test_a_reason_is_needed(served, model):
    release = served.house.evaluated({"m": b"why"}, model=model)
    with visitor(served, "ben") as ben:
        answer = ben.act(release, model.name, "reject", reason="  ")
        assert answer.status_code == 400
        assert "a reason is needed" in answer.text
        assert ben.act(release, model.name, "reject", reason="not ours").is_redirect
        page = ben.get(address(release, model.name)).text
    assert "Was rejected by a reviewer: not ours" in page


def test_who_may_not_is_told_so(served, shelf):
    with visitor(served, "rex") as rex:
        csrf = csrf_of(rex.get("/").text)
        answer = rex.post(f"{address(shelf.approved, 'tiny')}/hold", csrf, reason="x")
    assert answer.status_code == 403
    assert "you may not hold" in answer.text


def test_an_action_that_does_not_exist(served, shelf):
    with visitor(served, "sam") as sam:
        answer = sam.act(shelf.approved, "tiny", "explode", reason="x")
    assert answer.status_code == 404


def test_the_evidence_bundle_is_a_download_with_proofs(served, shelf):
    sequence(served)
    with visitor(served, "rex") as rex:
        answer = rex.get(f"{address(shelf.approved, 'tiny')}/evidence")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    bundle = EvidenceBundle.parse(answer.content)
    assert bundle.manifest.tree_digest == shelf.approved.tree
    assert all(item.proof for item in bundle.items)


def test_one_attestation_is_a_download_of_its_own_release_only(served, shelf):
    with visitor(served, "ben") as ben:
        path = address(shelf.approved, "tiny")
        page = ben.get(path).text
        link = page.split(f"{path}/evidence/")[1].split('"')[0]
        answer = ben.get(f"{path}/evidence/{link}")
        assert json.loads(answer.content)["payloadType"]
        assert answer.headers["content-disposition"].startswith("attachment")
        other = ben.get(f"{address(shelf.denied, 'bad')}/evidence/{link}")
        assert other.status_code == 404
        assert ben.get(f"{path}/evidence/nonsense").status_code == 404

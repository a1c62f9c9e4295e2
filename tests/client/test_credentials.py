"""Where tokens are kept, and what is refused there."""

from __future__ import annotations

import stat

import pytest

from assay.client import credentials
from assay.client.credentials import Credentials
from assay.core.errors import UsageError

URL = "http://127.0.0.1:8470"


@pytest.fixture
def env(tmp_path):
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_a_stored_token_is_found_again_and_only_its_owner_can_read_it(env):
    path = credentials.store(Credentials(URL, "assay_secret"), env)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert credentials.current(env) == Credentials(URL, "assay_secret")


def test_the_last_login_is_the_current_server_and_another_can_be_named(env):
    credentials.store(Credentials("https://one.example", "assay_1"), env)
    credentials.store(Credentials("https://two.example", "assay_2"), env)
    assert credentials.current(env).token == "assay_2"
    assert credentials.current(env | {"ASSAY_URL": "https://one.example/"}).token == "assay_1"


def test_the_environment_goes_before_the_file(env):
    credentials.store(Credentials(URL, "assay_file"), env)
    given = {"ASSAY_URL": "https://other.example", "ASSAY_TOKEN": "assay_env"}
    assert credentials.current(env | given) == Credentials("https://other.example", "assay_env")


def test_without_a_token_the_next_step_is_told(env):
    with pytest.raises(UsageError) as caught:
        credentials.current(env)
    assert "assay login" in caught.value.diagnostics()


def test_a_forgotten_token_is_gone(env):
    credentials.store(Credentials(URL, "assay_secret"), env)
    assert credentials.forget(URL, env)
    assert not credentials.forget(URL, env)
    with pytest.raises(UsageError):
        credentials.current(env)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_others_can_read_is_refused(env, mode):
    credentials.store(Credentials(URL, "assay_secret"), env).chmod(mode)
    with pytest.raises(UsageError) as caught:
        credentials.current(env)
    assert "chmod 600" in caught.value.diagnostics()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "other"}', '{"a":1,"a":2}'])
def test_a_damaged_file_is_named(env, text):
    path = credentials.store(Credentials(URL, "assay_secret"), env)
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        credentials.current(env)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["ftp://x", "example.org", "http://", "http://user:secret@example.org", "http://x:99999999"],
)
def test_what_is_no_address_is_refused_and_no_password_is_shown(address):
    with pytest.raises(UsageError) as caught:
        credentials.normal_url(address)
    assert "secret" not in str(caught.value)


def test_a_token_is_not_shown_by_repr():
    assert "assay_secret" not in repr(Credentials(URL, "assay_secret"))


def test_an_address_is_reduced_to_scheme_host_and_port():
    assert credentials.normal_url("https://Example.org:8443/a?b") == "https://example.org:8443"
    assert credentials.normal_url("http://[::1]:80/") == "http://[::1]:80"

"""Where the server may listen."""

from __future__ import annotations

import socket

import pytest

from assay.config import Config
from assay.core.errors import UsageError
from assay.web.listening import Tls, check_exposure, listen, proxies


def config(tmp_path, **changes) -> Config:
    return Config(home=tmp_path, **changes)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_needs_no_tls(tmp_path, host):
    check_exposure(config(tmp_path, host=host), None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "assay.example", ""])
def test_any_other_address_is_refused_without_tls_or_proxy(tmp_path, host):
    with pytest.raises(UsageError, match="in the clear") as caught:
        check_exposure(config(tmp_path, host=host), None)
    assert "--behind-proxy" in caught.value.remedy


def test_tls_or_a_proxy_allows_it(tmp_path):
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    certificate.write_text("")
    key.write_text("")
    check_exposure(config(tmp_path, host="0.0.0.0"), Tls.of(certificate, key))
    behind = config(tmp_path, host="0.0.0.0", behind_proxy="10.0.0.0/8, 192.168.0.1/32")
    check_exposure(behind, None)
    assert proxies(behind) == ["10.0.0.0/8", "192.168.0.1/32"]


def test_certificate_and_key_belong_together(tmp_path):
    assert Tls.of(None, None) is None
    with pytest.raises(UsageError, match="belong together"):
        Tls.of(tmp_path / "c.pem", None)
    with pytest.raises(UsageError, match="is not a file"):
        Tls.of(tmp_path / "c.pem", tmp_path / "k.pem")


def test_a_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is taken"):
            listen(config(tmp_path, port=port))


def test_an_address_of_another_machine_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot listen"):
        listen(config(tmp_path, host="192.0.2.1", port=18471))

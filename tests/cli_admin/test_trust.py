"""`assay trust`: what is believed, what is not, and what is kept."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from assay.access import pinning
from assay.signing.server_keys import make_server_keys
from assay.signing.trust import MAX_TRUST_BYTES

ELSEWHERE = "http://assay.example.org"


class Server:
    """Answers GET /api/v1/trust with what it is told to."""

    def __init__(self):
        self.status, self.body, self.headers, self.asked = 200, b"", {}, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Two installations' keys: their fingerprints and trust documents."""
    folder = tmp_path_factory.mktemp("roots")
    made = [
        make_server_keys(folder / name, url=f"http://{name}.example.org", passphrase=None)
        for name in ("one", "two")
    ]
    return [(keys.fingerprint, keys.trust.document) for keys in made]


def kept(assay):
    return [one["fingerprint"] for one in assay.json("trust", "show")["servers"]]


class TestAdd:
    def test_keeps_what_the_fingerprint_names(self, bare, server, roots):
        fingerprint, server.body = roots[0]
        answer = bare.json("trust", "add", server.url + "/", "--fingerprint", fingerprint)
        assert (answer["fingerprint"], answer["url"]) == (fingerprint, server.url)
        assert answer["first_use"] is False
        assert server.asked == ["/api/v1/trust"]
        assert kept(bare) == [fingerprint]
        path = pinning.Path(answer["path"])
        assert path.read_bytes() == roots[0][1]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_takes_a_fingerprint_as_people_write_it(self, bare, server, roots):
        fingerprint, server.body = roots[0]
        pairs = ":".join(fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
        bare.yes("trust", "add", server.url, "--fingerprint", pairs)
        bare.yes("trust", "add", server.url, "--fingerprint", f"sha256:{fingerprint}")

    def test_refuses_another_root_and_keeps_nothing(self, bare, server, roots):
        server.body = roots[1][1]
        err = bare.no(1, "trust", "add", server.url, "--fingerprint", roots[0][0])
        assert "fingerprint is" in err
        assert kept(bare) == []

    def test_believes_this_machine_on_first_use_and_says_so(self, bare, server, roots):
        fingerprint, server.body = roots[0]
        answer = bare.yes("trust", "add", server.url)
        assert fingerprint in answer.out
        assert "trust on first use" in answer.err
        assert kept(bare) == [fingerprint]

    def test_does_not_believe_another_root_on_second_use(self, bare, server, roots):
        server.body = roots[0][1]
        bare.yes("trust", "add", server.url)
        bare.yes("trust", "add", server.url)
        server.body = roots[1][1]
        assert "another than the one pinned" in bare.no(1, "trust", "add", server.url)
        assert kept(bare) == [roots[0][0]]
        bare.yes("trust", "add", server.url, "--fingerprint", roots[1][0])
        assert kept(bare) == [roots[1][0]]

    def test_does_not_believe_another_machine_without_a_fingerprint(self, bare):
        assert "without a fingerprint" in bare.no(2, "trust", "add", ELSEWHERE)

    @pytest.mark.parametrize("fingerprint", ["", "abc", "g" * 64, "a" * 63])
    def test_refuses_what_is_no_fingerprint(self, bare, fingerprint):
        err = bare.no(2, "trust", "add", ELSEWHERE, "--fingerprint", fingerprint)
        assert "64 hexadecimal digits" in err

    @pytest.mark.parametrize("url", ["assay.example.org", "ftp://h", "http://u:p@h", "http://h:x"])
    def test_refuses_what_is_no_address(self, bare, url):
        bare.no(2, "trust", "add", url)

    @pytest.mark.parametrize(
        "body", [b"", b"{}", b"<html>", b"[]", b'{"payload": "x"}', b"\xff\xfe"]
    )
    def test_refuses_what_is_no_trust_document(self, bare, server, body):
        server.body = body
        bare.no(1, "trust", "add", server.url)
        assert kept(bare) == []

    def test_refuses_a_document_that_was_changed(self, bare, server, roots):
        server.body = roots[0][1].replace(b'"payload":"', b'"payload":"AAAA', 1)
        bare.no(1, "trust", "add", server.url)

    def test_does_not_read_on_for_ever(self, bare, server):
        server.body = b"x" * (MAX_TRUST_BYTES + 1)
        assert "more than" in bare.no(3, "trust", "add", server.url)

    @pytest.mark.parametrize("status", [204, 301, 302, 401, 404, 500, 503])
    def test_any_other_answer_is_no_answer_and_redirects_are_not_followed(
        self, bare, server, roots, status
    ):
        server.status, server.headers = status, {"Location": f"{server.url}/elsewhere"}
        server.body = roots[0][1] if status != 204 else b""
        assert f"answered {status}" in bare.no(3, "trust", "add", server.url)
        assert server.asked == ["/api/v1/trust"]

    def test_no_proxy_of_the_environment_is_used(self, bare, server, roots):
        server.body = roots[0][1]
        bare.setenv(http_proxy="http://127.0.0.1:1", HTTP_PROXY="http://127.0.0.1:1")
        bare.yes("trust", "add", server.url)

    def test_a_server_that_is_not_there_did_not_answer(self, bare):
        assert "did not answer" in bare.no(3, "trust", "add", "http://127.0.0.1:1")

    def test_a_folder_that_cannot_be_written_is_named(self, bare, server, roots, tmp_path):
        server.body = roots[0][1]
        (tmp_path / "config").write_text("")
        assert "cannot be written" in bare.no(3, "trust", "add", server.url)


class TestShow:
    def test_says_so_when_nothing_is_trusted(self, bare):
        assert "no server is trusted" in bare.yes("trust", "show").out
        assert "is not trusted yet" in bare.no(1, "trust", "show", ELSEWHERE)

    def test_shows_one_or_all(self, bare, server, roots):
        server.body = roots[0][1]
        bare.yes("trust", "add", server.url)
        assert roots[0][0] in bare.yes("trust", "show").out
        assert bare.json("trust", "show", server.url)["servers"][0]["url"] == server.url

    def test_a_damaged_file_is_named(self, bare, server, roots):
        server.body = roots[0][1]
        path = pinning.Path(bare.json("trust", "add", server.url)["path"])
        path.write_text("{}")
        assert str(path) in bare.no(1, "trust", "show")


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1", True),
        ("http://127.9.9.9:1", True),
        ("http://[::1]:8470", True),
        ("http://LocalHost", True),
        ("http://localhost.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("http://10.0.0.1", False),
        ("http://0.0.0.0", False),
    ],
)
def test_only_this_machine_is_this_machine(url, loopback):
    assert pinning.is_loopback(url) is loopback


WITHOUT_EXTRAS = """
    import sys
    for name in ("sqlalchemy", "alembic", "httpx", "cedarpy", "dbos", "fastapi"):
        sys.modules[name] = None  # importing it fails, as where it is not installed
    sys.argv = ["assay", *sys.argv[1:]]
    from assay.cli.main import run
    run()
"""


def test_the_base_install_can_pin_a_server(bare, server, roots):
    server.body = roots[0][1]
    for arguments in (("trust", "add", server.url), ("trust", "show"), ("admin", "--help")):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(WITHOUT_EXTRAS), *arguments],
            env=os.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert kept(bare) == [roots[0][0]]

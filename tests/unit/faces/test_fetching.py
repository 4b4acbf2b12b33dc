import hashlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from mien.errors import MienError, WeightsError
from mien.faces import fetching
from mien.faces.fetching import fetch
from mien.faces.weights import WeightsFile

CONTENT = bytes(range(256)) * 1000


@dataclass
class Site:
    """A server on this machine, what it serves, how it misbehaves, and what it was asked."""

    address: str = ""
    content: bytes = CONTENT
    breaks_after: int | None = None
    knows_ranges: bool = True
    status: int = 200
    redirects_to: str | None = None
    ranges: list[str | None] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        site, asked = self.site, self.headers.get("Range")
        site.ranges.append(asked)
        if site.redirects_to is not None and self.path != "/moved":
            self._answer(302, {"Location": site.redirects_to}, b"")
        elif site.status != 200:
            self._answer(site.status, {}, b"")
        elif asked and site.knows_ranges:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            span = f"bytes {start}-{len(site.content) - 1}/{len(site.content)}"
            self._answer(206, {"Content-Range": span}, site.content[start:])
        else:
            self._answer(200, {}, site.content)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if self.site.breaks_after is None else body[: self.site.breaks_after])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that refuse the certificate go away."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path / "weights"))
    served = Site()
    server = _QuietServer(("localhost", 0), type("Handler", (_Handler,), {"site": served}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    served.address = f"https://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


def weights_at(site: Site) -> WeightsFile:
    return WeightsFile(
        name="net",
        file_name="net.onnx",
        address=f"{site.address}/net.onnx",
        num_bytes=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        licence="MIT",
        needed_by="detector 'x'",
    )


def files_beside(weights: WeightsFile) -> list[str]:
    return sorted(file.name for file in weights.place.parent.iterdir())


def test_fetch_brings_a_file_and_reports_its_bytes(site: Site) -> None:
    weights, reported = weights_at(site), []
    assert fetch(weights, report=reported.append) == weights.place
    assert weights.place.read_bytes() == CONTENT
    assert files_beside(weights) == ["net.onnx"]
    assert reported == sorted(reported)
    assert reported[-1] == len(CONTENT)


def test_fetch_does_not_ask_for_a_file_that_is_there(site: Site) -> None:
    fetch(weights_at(site))
    fetch(weights_at(site))
    assert len(site.ranges) == 1


def test_fetch_replaces_another_file(site: Site) -> None:
    weights = weights_at(site)
    weights.place.parent.mkdir()
    weights.place.write_bytes(b"an older version")
    assert fetch(weights).read_bytes() == CONTENT


def test_fetch_goes_on_where_the_connection_broke(site: Site) -> None:
    site.breaks_after = 100_000
    assert fetch(weights_at(site)).read_bytes() == CONTENT
    assert site.ranges == [None, "bytes=100000-", "bytes=200000-"]


def test_fetch_goes_on_with_what_an_earlier_call_left(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    weights, left = weights_at(site), fetching._append_rest

    def interrupted(*arguments: object) -> None:
        left(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    site.breaks_after = 60_000
    with monkeypatch.context() as patched:
        patched.setattr(fetching, "_append_rest", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch(weights)
    assert not weights.place.exists()
    site.breaks_after = None
    assert fetch(weights).read_bytes() == CONTENT
    assert site.ranges == [None, "bytes=60000-"]


def test_fetch_begins_anew_where_the_server_knows_no_ranges(site: Site) -> None:
    weights = weights_at(site)
    weights.place.parent.mkdir()
    (weights.place.parent / f".net.onnx.{weights.sha256[:12]}.partial").write_bytes(b"what came before")
    site.knows_ranges = False
    assert fetch(weights).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "content", [b"x" * len(CONTENT), CONTENT + b"x", CONTENT * 3], ids=["same size", "1 more", "3x"]
)
def test_fetch_keeps_nothing_of_another_file(content: bytes, site: Site) -> None:
    site.content, weights = content, weights_at(site)
    with pytest.raises(WeightsError, match=r"net.onnx: gives another file than expected \(SHA-256 .* nothing was kept"):
        fetch(weights)
    assert files_beside(weights) == []


def test_fetch_keeps_the_beginning_of_a_file_that_is_too_short(site: Site) -> None:
    site.content, weights = CONTENT[:-1], weights_at(site)
    with pytest.raises(
        WeightsError, match=f"the server sends nothing; fetch it elsewhere and put it at {weights.place}"
    ):
        fetch(weights)
    assert not weights.place.exists()


def test_fetch_says_what_the_server_answered(site: Site) -> None:
    site.status = 404
    with pytest.raises(WeightsError, match=r"net.onnx: cannot be fetched: the server answers 404 Not Found; fetch it"):
        fetch(weights_at(site))


def test_fetch_says_that_nobody_answers(site: Site) -> None:
    weights = replace(weights_at(site), address="https://localhost:1/net.onnx")
    with pytest.raises(WeightsError, match=r"cannot be fetched: .*refused; fetch it elsewhere and put it at"):
        fetch(weights)


def test_fetch_refuses_a_stranger_certificate(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(WeightsError, match=r"(?i)cannot be fetched: .*certificate verify failed"):
        fetch(weights_at(site))


def test_fetch_follows_a_redirect_to_https(site: Site) -> None:
    site.redirects_to = f"{site.address}/moved"
    assert fetch(weights_at(site)).read_bytes() == CONTENT


@pytest.mark.parametrize("where", ["address", "redirect"])
def test_fetch_refuses_what_is_not_https(where: str, site: Site) -> None:
    weights, plain = weights_at(site), site.address.replace("https://", "http://") + "/plain"
    if where == "address":
        weights = replace(weights, address=plain)
    else:
        site.redirects_to = plain
    with pytest.raises(WeightsError, match=r"/plain: not an https address; weights are fetched over https alone"):
        fetch(weights)


def test_fetch_says_where_it_may_not_write(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path / "a file" / "weights"))
    with pytest.raises(MienError, match=r"net.onnx: cannot be written: part of the path is a file, expected a folder"):
        fetch(weights_at(site))

"""Fetching a pinned model file: over https, whole or not there, taken up again where it broke off.

Only ``mien weights pull`` comes here: nothing is ever fetched without being asked for.
"""

import http.client
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import IO

from mien.errors import WeightsError
from mien.faces.weights import WeightsFile, hash_file
from mien.writing import explaining_write_faults

TIMEOUT_S = 30.0
"""How long a silent server is waited for, in seconds."""

_CHUNK_BYTES = 64 * 1024
_NETWORK_FAULTS = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError)
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")


def fetch(weights: WeightsFile, *, report: Callable[[int], None] = lambda _: None) -> Path:
    """Fetch a file into the weights folder, unless the right one is there already.

    What came before a break is kept beside it; this call goes on with it as long as something comes, and so does the
    next call. A file in its place that is another one is replaced once the right one is whole.

    Args:
        weights: What to fetch.
        report: Called with the bytes that are there so far.

    Returns:
        The file.

    Raises:
        WeightsError: If the address is not https, cannot be reached, or gives another file.
        MienError: If the weights folder may not be written or is full.
    """
    place = weights.place
    if weights.is_right:
        return place
    partial_file = place.with_name(f".{place.name}.{weights.sha256[:12]}.partial")
    with explaining_write_faults(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        _download(weights, partial_file, report)
        sha256 = hash_file(partial_file)
        if (_size(partial_file), sha256) != (weights.num_bytes, weights.sha256):
            partial_file.unlink()
            raise WeightsError(
                f"{weights.address}: gives another file than expected (SHA-256 {sha256[:12]}..., expected "
                f"{weights.sha256[:12]}... in {weights.num_bytes} bytes); nothing was kept"
            )
        partial_file.replace(place)
    return place


def _download(weights: WeightsFile, partial_file: Path, report: Callable[[int], None]) -> None:
    """Bring a partial file to its full size; a connection that breaks is opened anew if it brought anything."""
    while (size_before := _size(partial_file)) < weights.num_bytes:
        fault: Exception | None = None
        try:
            _append_rest(weights, partial_file, report)
        except _NETWORK_FAULTS as error:
            fault = error
        if _size(partial_file) <= size_before:
            raise WeightsError(_explain(weights, fault)) from fault


def _append_rest(weights: WeightsFile, partial_file: Path, report: Callable[[int], None]) -> None:
    """Append what a partial file lacks; where the server gives no part, begin anew."""
    size = _size(partial_file)
    request = urllib.request.Request(weights.address, headers={"User-Agent": "mien", "Accept-Encoding": "identity"})
    if size:
        request.add_header("Range", f"bytes={size}-")
    with _open(request) as response:
        is_part = response.status == HTTPStatus.PARTIAL_CONTENT and _start_of(response) == size
        size = size if is_part else 0
        with partial_file.open("ab" if is_part else "wb") as file:
            # One byte more than expected is enough to know another file.
            while size <= weights.num_bytes and (chunk := response.read(_CHUNK_BYTES)):
                file.write(chunk)
                size += len(chunk)
                report(size)


def _open(request: urllib.request.Request) -> http.client.HTTPResponse:
    _check_https(request.full_url)
    https = urllib.request.HTTPSHandler(context=ssl.create_default_context())
    response: http.client.HTTPResponse = urllib.request.build_opener(https, _HttpsRedirects()).open(
        request, timeout=TIMEOUT_S
    )
    return response


class _HttpsRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https alone."""

    def redirect_request(  # noqa: PLR0917
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        _check_https(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _check_https(address: str) -> None:
    if not address.startswith("https://"):
        raise WeightsError(f"{address}: not an https address; weights are fetched over https alone")


def _start_of(response: http.client.HTTPResponse) -> int | None:
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _explain(weights: WeightsFile, fault: Exception | None) -> str:
    reason = fault.reason if isinstance(fault, urllib.error.URLError) else fault
    if isinstance(fault, urllib.error.HTTPError):
        reason = f"the server answers {fault.code} {fault.reason}"
    if isinstance(reason, OSError) and not isinstance(reason, ssl.SSLError) and reason.strerror:
        reason = reason.strerror.lower()
    words = " ".join(str(reason or "the server sends nothing").split()) or type(reason).__name__
    return f"{weights.address}: cannot be fetched: {words}; fetch it elsewhere and put it at {weights.place}"

"""One connection to a server: requests out, documents or named errors back."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from assay import __version__
from assay.client.credentials import Credentials
from assay.core.canonical import strict_json
from assay.core.errors import (
    AssayError,
    ConflictError,
    DataError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UsageError,
)

TIMEOUT = httpx.Timeout(30.0, read=120.0, write=120.0)
MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
PIECE_BYTES = 64 * 1024
SERVER_ERROR = 500
_OF_THE_WIRE = ("content-encoding", "content-length", "transfer-encoding")
_BY_STATUS: dict[int, type[AssayError]] = {
    400: DataError,
    401: RefusedError,
    403: RefusedError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    413: DataError,
    422: DataError,
    429: UnavailableError,
}


class Session:
    """Speaks to one server with one token. Redirects are not followed: tokens stay put."""

    def __init__(self, credentials: Credentials) -> None:
        self.url = credentials.url
        self._http = httpx.Client(
            base_url=credentials.url,
            headers={
                "Authorization": f"Bearer {credentials.token}",
                "User-Agent": f"assay/{__version__}",
            },
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request; the answer is a success.

        Raises:
            AssayError: the server's own problem, by its status, or `UnavailableError` when
                there was no answer.
        """
        with self._reaching(path), self._http.stream(method, path, **options) as answer:
            response = self._whole(answer)
        check(response)
        return response

    def json(self, method: str, path: str, **options: Any) -> Any:
        """The JSON document a request answers with, read strictly."""
        response = self.request(method, path, **options)
        try:
            return strict_json(response.content) if response.content else None
        except DataError:
            raise UnavailableError("did not answer with JSON", subject=self.url) from None

    @contextmanager
    def stream(self, path: str, **options: Any) -> Iterator[httpx.Response]:
        """A response whose body is read piece by piece; a cut connection is an error."""
        with self._reaching(path), self._http.stream("GET", path, **options) as response:
            check(response if response.is_success else self._whole(response))
            yield response

    def _whole(self, answer: httpx.Response) -> httpx.Response:
        """The answer with its body, which may have a length but not any."""
        body = bytearray()
        for piece in answer.iter_bytes(PIECE_BYTES):
            body += piece
            if len(body) > MAX_DOCUMENT_BYTES:
                raise UnavailableError(
                    f"answered with over {MAX_DOCUMENT_BYTES} bytes", subject=self.url
                )
        headers = [row for row in answer.headers.multi_items() if row[0] not in _OF_THE_WIRE]
        return httpx.Response(
            answer.status_code, headers=headers, content=bytes(body), request=answer.request
        )

    @contextmanager
    def _reaching(self, path: str) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException:
            raise UnavailableError("did not answer in time", subject=self.url) from None
        except (httpx.ConnectError, ssl.SSLError) as error:
            raise UnavailableError(
                f"cannot be reached: {error}",
                subject=self.url,
                remedy="is the server running? assay serve, or another address: assay login URL",
            ) from None
        except httpx.HTTPError as error:
            raise UnavailableError(f"broke off at {path}: {error}", subject=self.url) from None


def model_path(name: str, *rest: str) -> str:
    """`/api/v1/models/ns/name/...` with every segment after the model percent-encoded."""
    tail = "".join(f"/{quote(part, safe='')}" for part in rest)
    return f"/api/v1/models/{quote(name)}{tail}"


def check(response: httpx.Response) -> None:
    """Return if the answer is a success.

    Raises:
        AssayError: of the class the status stands for, with the server's words.
    """
    if response.is_success:
        return
    problem = _problem(response)
    kind = _BY_STATUS.get(
        response.status_code,
        UnavailableError if response.status_code >= SERVER_ERROR else UsageError,
    )
    message = problem.get("detail") or problem.get("title") or f"HTTP {response.status_code}"
    raise kind(str(message), subject=problem.get("subject"), remedy=problem.get("remedy"))


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        value = strict_json(response.content)
    except (DataError, httpx.StreamError):
        return {}
    return value if isinstance(value, dict) else {}

"""The Hub's reading operations: each turns one request into one answer. Run in worker threads."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from assay.access.principals import Identity
from assay.access.roles import PUBLISH
from assay.registry import huggingface_errors as errors
from assay.registry import huggingface_rows as rows
from assay.registry.huggingface_git import GitFile
from assay.registry.huggingface_paths import Operation, Wanted
from assay.registry.huggingface_snapshot import Snapshots, commit_of
from assay.registry.huggingface_view import View, model_name, view, warning_headers
from assay.releases import lookup, serving
from assay.releases.installation import Installation
from assay.releases.refusal import Refused
from assay.store import aliases
from assay.store import releases as release_rows
from assay.web.byte_answer import byte_answer

JSON = "application/json"
TREE_PAGE = 1000
EXPANDED_PAGE = 100
LIST_PAGE = 100
MAX_LIST_PAGE = 500
COMMITS_PAGE = 50
MAX_DIGITS = 18
"""Digits of a number in an address that are read; a longer one is larger than any it is of."""

MAX_PATHS = 1000
"""Paths one `paths-info` may ask about."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One request: what it wants, from whom, with which options.

    Attributes:
        body: The form of `paths-info`, empty elsewhere.
    """

    inst: Installation
    snapshots: Snapshots
    who: Identity | None
    wanted: Wanted
    request: Request
    body: Mapping[str, list[str]]

    @property
    def query(self) -> QueryParams:
        """The options in the address."""
        return self.request.query_params

    def flag(self, name: str) -> bool:
        """Whether an option is on."""
        return self.query.get(name, "").lower() in ("1", "true")

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 0 to `most`; anything else is the default."""
        text = self.query.get(name, "")
        if not (text.isascii() and text.isdigit()):
            return default
        # Python refuses to read a number of thousands of digits.
        return min(int(text), most) if len(text) <= MAX_DIGITS else most

    def view(self) -> View:
        """What the caller sees of the revision.

        Raises:
            HubError, NotFoundError, Refused: see `huggingface_view.view`.
        """
        name = model_name(self.wanted.model, anonymous=self.who is None)
        return view(self.inst, self.who, name, self.wanted.revision)

    def next_page(self, cursor: str) -> dict[str, str]:
        """The `Link` header to the next page: this address with another cursor."""
        scope = self.request.scope
        path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0].decode("ascii")
        base = self.request.base_url
        query = self.request.url.include_query_params(cursor=cursor).query
        return {"Link": f'<{base.scheme}://{base.netloc}{path}?{query}>; rel="next"'}


def answer(asking: Asking) -> Response:
    """The answer to a request.

    Raises:
        HubError: an error in the Hub's own form.
        AssayError: one of ours; the caller translates it.
    """
    return _OPERATIONS[asking.wanted.operation](asking)


def _json(data: bytes, headers: Mapping[str, str]) -> Response:
    return Response(data, media_type=JSON, headers=dict(headers))


def _render(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _info(asking: Asking) -> Response:
    seen = asking.view()
    blobs, security = asking.flag("blobs"), asking.flag("securityStatus")

    def make() -> bytes:
        folders = asking.snapshots.folders(asking.inst, seen.release.tree)
        commit = commit_of(asking.inst, seen.model, seen.release)
        row = rows.model_row(commit)
        row["siblings"] = [
            rows.sibling_row(one, blobs=blobs)
            for one in rows.listed(folders, "", recursive=True)
            if isinstance(one, GitFile)
        ]
        if security:
            row["securityRepoStatus"] = rows.repo_security(commit)
        return _render(row)

    shape = f"info {blobs:d}{security:d}"
    return _json(asking.snapshots.answer(seen.release, seen.epochs, shape, make), seen.headers)


def _tree(asking: Asking) -> Response:
    seen, path = asking.view(), asking.wanted.path
    folders = asking.snapshots.folders(asking.inst, seen.release.tree)
    if path not in folders:
        raise errors.entry_not_found(path, seen.release.version)
    recursive, expand = asking.flag("recursive"), asking.flag("expand")
    size = EXPANDED_PAGE if expand else TREE_PAGE
    start = asking.number("cursor", 0, 1 << 40)

    def make() -> bytes:
        page = list(
            islice(rows.listed(folders, path, recursive=recursive), start, start + size + 1)
        )
        commit = commit_of(asking.inst, seen.model, seen.release)
        more = b"+" if len(page) > size else b"-"
        return more + _render([rows.entry_row(one, commit, expand=expand) for one in page[:size]])

    shape = f"tree {recursive:d}{expand:d} {start} {path}"
    made = asking.snapshots.answer(seen.release, seen.epochs, shape, make)
    headers = seen.headers
    if made[:1] == b"+":
        headers |= asking.next_page(str(start + size))
    return _json(made[1:], headers)


def _paths_info(asking: Asking) -> Response:
    seen = asking.view()
    folders = asking.snapshots.folders(asking.inst, seen.release.tree)
    expand = "".join(asking.body.get("expand", ["false"])[:1]).lower() == "true"
    paths = asking.body.get("paths", [])
    if len(paths) > MAX_PATHS:
        raise errors.HubError(413, "", f"at most {MAX_PATHS} paths can be asked about at once")
    commit = commit_of(asking.inst, seen.model, seen.release)
    present = [rows.found(folders, path.strip("/")) for path in paths]
    found = [rows.entry_row(one, commit, expand=expand) for one in present if one is not None]
    return _json(_render(found), seen.headers)


def _refs(asking: Asking) -> Response:
    inst, who = asking.inst, asking.who
    name = model_name(asking.wanted.model, anonymous=who is None)
    main = view(inst, who, name, lookup.MAIN)
    with inst.store.read() as connection:
        pointers = {
            row.name: release_rows.get(connection, row.release_id).version
            for row in aliases.of_model(connection, main.model.id)
        }
    include = asking.flag("include_prs")
    row = rows.refs_row(main.release.version, pointers, pull_requests=include)
    return _json(_render(row), main.headers)


def _commits(asking: Asking) -> Response:
    seen, inst = asking.view(), asking.inst
    cursor = asking.number("cursor", seen.release.seq + 1, seen.release.seq + 1)
    with inst.store.read() as connection:
        found = lookup.releases(
            inst, connection, asking.who, seen.model, before=cursor, limit=COMMITS_PAGE
        )
    listed = [rows.commit_row(commit_of(inst, seen.model, one)) for one in found]
    more = asking.next_page(str(found[-1].seq)) if len(found) == COMMITS_PAGE else {}
    return _json(_render(listed), seen.headers | more)


def _list(asking: Asking) -> Response:
    inst, who = asking.inst, asking.who
    limit = max(1, asking.number("limit", LIST_PAGE, MAX_LIST_PAGE))
    with inst.store.read() as connection:
        models = lookup.models(
            inst,
            connection,
            who,
            search=asking.query.get("search", ""),
            namespace=asking.query.get("author"),
            after=asking.query.get("cursor", ""),
            limit=limit,
        )
        newest = [
            (model, lookup.resolve_as(connection, model, lookup.MAIN, heads=False))
            for model in models
        ]
    full = asking.flag("full")
    listed = [
        rows.model_row(commit_of(inst, model, release), full=full)
        for model, release in newest
        if release is not None and _is_served(inst, who, release.id)
    ]
    more = asking.next_page(models[-1].folded) if len(models) == limit else {}
    return _json(_render(listed), more)


def _is_served(inst: Installation, who: Identity | None, release_id: str) -> bool:
    try:
        serving.may_serve_release(inst, who, release_id)
    except Refused:
        return False
    return True


def _resolve(asking: Asking) -> Response:
    inst, wanted = asking.inst, asking.wanted
    name = model_name(wanted.model, anonymous=asking.who is None)
    permit = serving.may_serve(inst, asking.who, name, wanted.revision, wanted.path)
    if permit.file is None:
        raise errors.entry_not_found(wanted.path, permit.release.version)
    etag = permit.file.digest.hex
    headers = {
        "X-Repo-Commit": permit.release.version,
        "X-Linked-Etag": f'"{etag}"',
        "X-Linked-Size": str(permit.file.size),
        **warning_headers(permit.warning, permit.release),
    }
    return byte_answer(
        asking.request,
        path=wanted.path,
        size=permit.file.size,
        chunks=partial(serving.permitted_bytes, inst, permit),
        headers=headers,
        etag=etag,
    )


def _auth_check(asking: Asking) -> Response:
    inst, who = asking.inst, asking.who
    name = model_name(asking.wanted.model, anonymous=who is None)
    with inst.store.read() as connection:
        model = lookup.model_named(inst, connection, who, name)
    if asking.wanted.path == "write":
        inst.authorizer.require(who, PUBLISH, model.namespace, subject=str(name))
    return JSONResponse({})


def _whoami(asking: Asking) -> Response:
    who = asking.who
    if who is None:
        raise errors.bad_token()
    places = sorted({grant.namespace for grant in who.grants} - {"*"})
    writes = any(
        asking.inst.authorizer.allows(who, PUBLISH, grant.namespace) for grant in who.grants
    )
    role = "write" if writes else "read"
    return JSONResponse(rows.whoami_row(who.name, who.principal.kind, role, who.credential, places))


def _absent(asking: Asking) -> Response:
    raise errors.repo_not_found(asking.wanted.model[:200], anonymous=asking.who is None)


def _nothing(asking: Asking) -> Response:
    # The client wants an object or a 404 here; a list would crash it.
    del asking
    return JSONResponse({"error": "not kept here"}, status_code=404)


_OPERATIONS: Mapping[Operation, Callable[[Asking], Response]] = {
    Operation.HARNESSES: _nothing,
    Operation.TELEMETRY: _nothing,
    Operation.WHOAMI: _whoami,
    Operation.LIST: _list,
    Operation.INFO: _info,
    Operation.TREE: _tree,
    Operation.PATHS_INFO: _paths_info,
    Operation.REFS: _refs,
    Operation.COMMITS: _commits,
    Operation.AUTH_CHECK: _auth_check,
    Operation.RESOLVE: _resolve,
    Operation.ABSENT: _absent,
}

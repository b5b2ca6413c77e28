"""Exports a tenant's whole log as a file for offline verification, streamed page by page."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import StreamingResponse
from souk.audit.v1.proof_service_pb2 import (
    Checkpoint,
    Entry,
    GetCheckpointRequest,
    ListCheckpointsRequest,
    ListEntriesRequest,
)

from gateway.clients import Clients, ClientsOf
from gateway.documents.cloudevent import cloudevent
from gateway.documents.proof import EXPORT_FORM, EntryDocument, PlatformDocument
from gateway.identity.scopes import TenantScope, permissions_now
from gateway.medusa import responses
from gateway.medusa.filters import Choice
from gateway.medusa.query import Query
from gateway.medusa.router import Router
from gateway.medusa.shapes import Json
from gateway.request_state import REQUEST_SECONDS, state_of
from services.kernel.call.client import deadline
from services.kernel.call.scope import Scope, bound
from services.kernel.evidence.signed_notes import origin

# For readers only; the verifier compares them with the envelope.
_COLUMNS = ("occur_time", "actor", "method", "resource", "outcome")
_SEALED = ("envelope", "payload", "salt", "signature", "leaf")
_HEADER = ("index", *_COLUMNS, *_SEALED, "record")

router = Router(
    prefix="/admin/tenants/{tenant_id}/audit-events",
    tags=["Audit"],
    responses=responses.ADMIN_ERRORS,
)


class ExportFormat(StrEnum):
    NDJSON = "ndjson"
    CSV = "csv"
    CLOUDEVENTS = "cloudevents"


_TYPES = {
    ExportFormat.NDJSON: "application/x-ndjson",
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.CLOUDEVENTS: "application/x-ndjson",
}


_EXPORTING = Query({"format": Choice([*ExportFormat])}, limit=None, has_fields=False)


@router.get(
    "/export", summary="Export the audit log",
    response_class=StreamingResponse,
    responses={200: {"description": "The log, followed by its signed checkpoints.", "content": {
        kind: {"schema": {"type": "string"}} for kind in ("application/x-ndjson", "text/csv")
    }}},
    openapi_extra={"parameters": _EXPORTING.parameters()},
)  # fmt: skip
async def export_audit_events(
    request: Request, scope: TenantScope, clients: ClientsOf
) -> StreamingResponse:
    """Exports all events up to the newest checkpoint, in order, for `souk audit verify`.

    The format is ndjson unless another is asked for.
    """
    export_format = ExportFormat(
        _EXPORTING.parse(request.scope["query_string"]).one("format") or ExportFormat.NDJSON
    )
    newest = await clients.proofs.GetCheckpoint(
        GetCheckpointRequest(parent=f"tenants/{scope.tenant}")
    )
    permissions = partial(permissions_now, request, scope.tenant or "")
    export = Export(clients, scope, newest, permissions, state_of(request).timeout.reschedule)
    lines = {
        ExportFormat.NDJSON: export.ndjson,
        ExportFormat.CSV: export.csv,
        ExportFormat.CLOUDEVENTS: export.cloudevents,
    }
    suffix = "csv" if export_format is ExportFormat.CSV else "ndjson"
    name = f"audit-{scope.tenant}-{newest.size}.{suffix}"
    return StreamingResponse(
        lines[export_format](),
        media_type=_TYPES[export_format],
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


class Export:
    """One export: everything up to one checkpoint, regardless of later additions.

    Each page is read with the caller's current permissions, so an export ends when they do.
    """

    def __init__(
        self,
        clients: Clients,
        scope: Scope,
        newest: Checkpoint,
        permissions: Callable[[], Awaitable[frozenset[str]]],
        extend: Callable[[float], None],
    ) -> None:
        self._proofs = clients.proofs
        self._scope = scope
        self._newest = newest
        self._permissions = permissions
        self._extend = extend

    async def ndjson(self) -> AsyncIterator[str | bytes]:
        yield _line(self._head())
        async for page in self._pages():
            yield b"".join(_line(EntryDocument.to_json(entry)) for entry in page)
        async for record in self._records_after_entries():
            yield _line(record)

    async def csv(self) -> AsyncIterator[str | bytes]:
        yield _row(_HEADER)
        yield _record_row(self._head())
        async for page in self._pages():
            yield "".join(_entry_row(EntryDocument.to_json(entry)) for entry in page)
        async for record in self._records_after_entries():
            yield _record_row(record)

    async def cloudevents(self) -> AsyncIterator[str | bytes]:
        async for page in self._pages():
            yield b"".join(_line(cloudevent(entry)) for entry in page)

    def _head(self) -> Json:
        log = origin(self._scope.tenant or "")
        return {"form": EXPORT_FORM, "log": log, "size": self._newest.size}

    async def _pages(self) -> AsyncIterator[list[Entry]]:
        start = 0
        while start < self._newest.size:
            request = ListEntriesRequest(parent=self._parent, start=start, end=self._newest.size)
            found = await self._read_page(self._proofs.ListEntries, request)
            if not found.entries:
                return  # the verifier reports what is missing
            yield list(found.entries)
            start = found.entries[-1].index + 1

    async def _records_after_entries(self) -> AsyncIterator[Json]:
        """Yields every signed checkpoint, then the proof of the last one in the platform's tree."""
        after = 0
        while after < self._newest.size:
            request = ListCheckpointsRequest(
                parent=self._parent, after_size=after, up_to_size=self._newest.size
            )
            found = await self._read_page(self._proofs.ListCheckpoints, request)
            if not found.checkpoints:
                break
            for checkpoint in found.checkpoints:
                yield {"checkpoint": {"size": checkpoint.size, "note": checkpoint.note}}
            after = found.checkpoints[-1].size
        yield {"platform": PlatformDocument.to_json(self._newest.platform)}

    @property
    def _parent(self) -> str:
        return f"tenants/{self._scope.tenant}"

    async def _read_page(self, method: Any, request: Any) -> Any:  # noqa: ANN401 - a stub's method
        """Reads one page, with the time limit of a whole request."""
        self._extend(asyncio.get_running_loop().time() + REQUEST_SECONDS)
        with deadline(REQUEST_SECONDS):
            scope = replace(self._scope, permissions=await self._permissions())
            with bound(scope):
                return await method(request)


def _line(document: Json) -> bytes:
    return orjson.dumps(document) + b"\n"


def _record_row(document: Json) -> str:
    """Writes a record that is not an entry into the last cell of an empty row."""
    return _row([*("" for _ in _HEADER[1:]), orjson.dumps(document).decode()])


def _entry_row(entry: Json) -> str:
    facts = orjson.loads(str(entry["envelope"]))
    readable = [plain(str(facts[name])) for name in _COLUMNS]
    sealed = [entry[name] for name in _SEALED]
    return _row([entry["index"], *readable, *sealed, ""])


def plain(text: str) -> str:
    """Escapes a text that a spreadsheet would take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _row(cells: Any) -> str:  # noqa: ANN401 - whatever csv can write
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()

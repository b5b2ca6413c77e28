"""FileService: keeps which pictures a tenant has uploaded."""

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from souk.catalog_opt_in.v1 import file_service_pb2 as pb
from souk.catalog_opt_in.v1 import file_service_pb2_grpc as pb_grpc
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.catalog_opt_in.files import rules
from services.catalog_opt_in.listings.scopes import refuse_archived
from services.catalog_opt_in.models import File
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.errors import FailedPrecondition, NotFound
from services.kernel.call.scope import current_scope
from services.kernel.call.times import message_of
from services.kernel.data import requests
from services.kernel.data.database import Database
from services.kernel.evidence import audit

FILE = "tenants/{tenant}/files/{file}"
_LOCK_NUMBER = text("SELECT pg_advisory_xact_lock(hashtextextended('files/' || :tenant, 0))")
_PREFIX = "MEDIA_TYPE_"
_TYPES = {
    number: name.removeprefix(_PREFIX) for name, number in pb.File.MediaType.items() if number
}


class Files(pb_grpc.FileServiceServicer):
    def __init__(self, database: Database) -> None:
        self._db = database

    async def GetFile(self, request: pb.GetFileRequest, _context: object) -> pb.File:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            return _message(await _file(session, request.name))

    async def BatchCreateFiles(
        self, request: pb.BatchCreateFilesRequest, _context: object
    ) -> pb.BatchCreateFilesResponse:
        current_scope().require_parent(request.parent)
        refuse_archived()
        async with self._db.tenant() as session:
            kind = pb.BatchCreateFilesResponse
            if answer := await requests.stored_answer(session, request, kind):
                return answer
            rows = _rows(request)
            await _check_room(session, len(rows))
            session.add_all(rows)
            await session.flush()
            answer = kind(files=map(_message, rows))
            for file in answer.files:
                audit.record(session, resource=file.name, after=file)
            return await requests.remember(session, request, answer)

    async def DeleteFile(self, request: pb.DeleteFileRequest, _context: object) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            row = await _file(session, request.name)
            await session.delete(row)
            audit.record(session, resource=request.name, before=_message(row))
            return Empty()


async def _file(session: AsyncSession, name: str) -> File:
    tenant_id, file_id = names.parse(name, FILE)
    row = await session.get(File, (tenant_id, file_id))
    if row is None:
        # Medusa's own words.
        raise NotFound("FILE_NOT_FOUND", f"File with key {file_id} not found", file=name)
    return row


async def _check_room(session: AsyncSession, number: int) -> None:
    """Locks the tenant's number of files until the transaction ends, and checks it.

    Raises:
        FailedPrecondition: FILES_FULL.
    """
    await session.execute(_LOCK_NUMBER, {"tenant": current_scope().tenant})
    stored = await session.scalar(select(func.count()).select_from(File)) or 0
    if stored + number > rules.MOST_FILES:
        raise FailedPrecondition(
            "FILES_FULL",
            f"A tenant can have at most {rules.MOST_FILES:,} files. Delete some first.",
        )


def _rows(request: pb.BatchCreateFilesRequest) -> list[File]:
    """Makes the rows of a request, if nothing is wrong with any of its files."""
    violations, now = Violations(), datetime.now(UTC)
    if not request.files:
        violations.add("files", "must have at least one entry")
    for place, file in enumerate(request.files):
        problem = rules.problem(
            media_type=_TYPES.get(file.media_type),
            size_bytes=file.size_bytes,
            width=file.width,
            height=file.height,
            sha256=file.sha256,
        )
        if problem is not None:
            violations.add(f"files[{place}]", problem)
    violations.refuse()
    return [
        File(
            file_id=names.new_id("file"),
            media_type=_TYPES[file.media_type],
            size_bytes=file.size_bytes,
            width=file.width,
            height=file.height,
            sha256=file.sha256,
            created_at=now,
            created_by=current_scope().actor,
        )
        for file in request.files
    ]


def _message(row: File) -> pb.File:
    return pb.File(
        name=f"tenants/{row.tenant_id}/files/{row.file_id}",
        media_type=pb.File.MediaType.Value(_PREFIX + row.media_type),
        size_bytes=row.size_bytes,
        width=row.width,
        height=row.height,
        sha256=row.sha256,
        create_time=message_of(row.created_at),
        creator=row.created_by,
    )

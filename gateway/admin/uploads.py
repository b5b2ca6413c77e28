"""Uploads of pictures, at the tenant of the request.

The record comes first, then the bytes: nothing is stored for somebody who may not upload, and what
is answered is stored.
"""

import asyncio
import hashlib
from collections.abc import Sequence

import grpc
from fastapi import Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.file_service_pb2 import (
    BatchCreateFilesRequest,
    DeleteFileRequest,
    File,
    GetFileRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.file import FileDocument
from gateway.identity.scopes import CurrentScope
from gateway.medusa import responses
from gateway.medusa.forms import FIELD, UploadedFiles, documented_form
from gateway.medusa.headers import IdempotencyKey
from gateway.medusa.resource import NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from gateway.medusa.values import enum_value, last_id
from gateway.pictures import PicturesOf, formats
from services.kernel.call.errors import invalid

FILES = Resource("file", "files", FileDocument)

router = Router(
    prefix="/admin/uploads",
    tags=["Catalogue"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
)


class FileAnswer(BaseModel):
    file: FileDocument


class FilesAnswer(BaseModel):
    files: list[FileDocument]


@router.post(
    "",
    summary="Upload pictures",
    responses=responses.documented(FilesAnswer, "The files, in the order of the request."),
    openapi_extra=documented_form(),
)
async def upload_files(
    scope: CurrentScope,
    contents: UploadedFiles,
    clients: ClientsOf,
    pictures: PicturesOf,
    key: IdempotencyKey,
) -> Response:
    """Stores up to 10 JPEG, PNG, WebP, GIF or AVIF pictures at the request's tenant: all, or none.

    All together must fit into the limit of the platform, 8 MiB by default. What a file is is read
    from its bytes; its name and the type that is sent with it do not matter.
    """
    files = await asyncio.to_thread(_described, contents)
    created = await clients.files.BatchCreateFiles(
        BatchCreateFilesRequest(parent=f"tenants/{scope.tenant}", files=files, request_id=key)
    )
    for file, content in zip(created.files, contents, strict=True):
        await pictures.put(str(scope.tenant), last_id(file.name), content)
    return responses.answer({"files": FileDocument.to_list(created.files)})


@router.get(
    "/{file_id}",
    summary="Get an upload",
    responses=responses.documented(FileAnswer, "The file."),
    openapi_extra=FILES.documented_one,
)
async def get_file(
    request: Request, scope: CurrentScope, clients: ClientsOf, file_id: str
) -> Response:
    """Returns where an uploaded picture is."""
    query = FILES.one_query(request)
    file = await clients.files.GetFile(GetFileRequest(name=_name(scope.tenant, file_id)))
    return FILES.one(query, file)


@router.delete(
    "/{file_id}",
    summary="Delete an upload",
    responses=responses.documented(responses.Deleted, "The file is deleted."),
)
async def delete_file(
    scope: CurrentScope, clients: ClientsOf, pictures: PicturesOf, file_id: str
) -> Response:
    """Deletes an uploaded picture. Caches may show it for longer, and products still name it."""
    try:
        await clients.files.DeleteFile(DeleteFileRequest(name=_name(scope.tenant, file_id)))
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            # The record may have gone in an attempt that did not get as far as the bytes.
            await pictures.delete(str(scope.tenant), file_id)
        raise
    await pictures.delete(str(scope.tenant), file_id)
    return responses.deleted("file", file_id)


def _name(tenant: str | None, file_id: str) -> str:
    return f"tenants/{tenant}/files/{file_id}"


def _described(contents: Sequence[bytes]) -> list[File]:
    """Makes the records of files.

    Raises:
        InvalidArgument: FIELD_INVALID, with what is wrong with which file.
    """
    files, problems = [], {}
    for place, content in enumerate(contents):
        try:
            picture = formats.read(content)
        except ValueError as wrong:
            problems[f"{FIELD}[{place}]"] = str(wrong)
            continue
        files.append(
            File(
                media_type=enum_value(File.MediaType, picture.kind),
                size_bytes=len(content),
                width=picture.width,
                height=picture.height,
                sha256=hashlib.sha256(content).hexdigest(),
            )
        )
    if problems:
        raise invalid("FIELD_INVALID", problems)
    return files

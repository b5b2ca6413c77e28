"""Uploaded files, in Medusa's shape."""

from typing import Annotated

from pydantic import Field
from souk.catalog_opt_in.v1.file_service_pb2 import File

from gateway.documents.scalars import Id
from gateway.medusa.shapes import Document, From
from gateway.medusa.values import last_id


def _path(name: str) -> str:
    return f"/uploads/{last_id(name)}"


class FileDocument(Document[File]):
    """A picture that was uploaded."""

    id: Id
    url: Annotated[str, From("name", _path)] = Field(
        description="A path on the tenant's hosts; the head office's is on every tenant's.",
        examples=["/uploads/file_01K9Z8W6X2Q4R5T7V9B1C3D5F7"],
    )

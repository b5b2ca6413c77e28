"""Files in a body of multipart/form-data, as browsers send them.

The guard limits the size of a body; here it fits into memory.
"""

import asyncio
from typing import Annotated, Any

from fastapi import Depends, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import FormParser, parse_options_header
from souk.catalog_opt_in.v1.file_service_pb2 import BatchCreateFilesRequest

from gateway.medusa.errors import Refused, problem_of_status
from gateway.medusa.headers import single
from services.kernel.call.errors import InvalidArgument, invalid
from services.kernel.call.limits import most_entries

FORM = "multipart/form-data"
FIELD = "files"
MOST_FILES = most_entries(BatchCreateFilesRequest, FIELD)


async def _files(request: Request) -> list[bytes]:
    """Reads the files of a form, of which it must have no other fields.

    Raises:
        Refused: 415, it is no form.
        InvalidArgument: BODY_INVALID, it is malformed or cut off; FIELD_INVALID, it holds something
            else, too many files or none.
    """
    boundary = _boundary(request)
    body = await request.body()
    # In a thread: it takes as long as a body is.
    files = await asyncio.to_thread(_parse, body, boundary)
    if not files:
        # Medusa's own words.
        raise InvalidArgument("FIELD_INVALID", "No files were uploaded", {FIELD: "is required"})
    return files


UploadedFiles = Annotated[list[bytes], Depends(_files)]


def documented_form() -> dict[str, Any]:
    """Describes such a body for OpenAPI."""
    file = {"type": "string", "format": "binary"}
    files = {"type": "array", "items": file, "minItems": 1, "maxItems": MOST_FILES}
    schema = {"type": "object", "required": [FIELD], "properties": {FIELD: files}}
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


def _boundary(request: Request) -> bytes:
    try:
        header = single(request.scope["headers"], "content-type")
    except ValueError:
        header = None
    kind, options = parse_options_header((header or "").encode("latin-1"))
    boundary = options.get(b"boundary", b"")
    if kind.lower() != FORM.encode() or not boundary:
        raise Refused(
            problem_of_status(415, f"Content-Type must be {FORM}, with files in `{FIELD}`.")
        )
    return boundary


def _parse(body: bytes, boundary: bytes) -> list[bytes]:
    # The parser takes what has come of a form for all of it.
    if not body.rstrip(b"\r\n").endswith(b"--%b--" % boundary):
        raise _malformed("is cut off: it does not end with its boundary")
    files: list[bytes] = []

    def take(file: Any) -> None:  # noqa: ANN401 - the parser's own
        if file.field_name != FIELD.encode():
            raise _unknown_field()
        if len(files) == MOST_FILES:
            raise invalid("FIELD_INVALID", {FIELD: f"must have at most {MOST_FILES} entries"})
        files.append(file.file_object.getvalue())

    def refuse(_: object) -> None:
        raise _unknown_field()

    parser = FormParser(
        FORM,
        on_field=refuse,
        on_file=take,
        boundary=boundary,
        # A keyword: a text in capitals would count as the code of an error.
        config=dict(MAX_MEMORY_FILE_SIZE=len(body) + 1),  # noqa: C408
    )
    try:
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise _malformed(f"is not valid {FORM}") from None
    finally:
        parser.close()
    return files


def _unknown_field() -> InvalidArgument:
    text = f"must have files in `{FIELD}` and no other fields"
    return InvalidArgument("FIELD_INVALID", f"The form {text}.", {"body": text})


def _malformed(text: str) -> InvalidArgument:
    return InvalidArgument("BODY_INVALID", f"The request body {text}.", {"body": text})

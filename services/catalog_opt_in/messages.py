"""Shared helpers to read and write this service's messages."""

from datetime import UTC, datetime
from typing import TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.catalog_opt_in.findings import Findings
from services.kernel.call import names
from services.kernel.call.errors import InvalidArgument

PRODUCT = "products/{product}"
COLLECTION = "collections/{collection}"
CATEGORY = "categories/{category}"

M = TypeVar("M", bound=Message)


def time_of(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at.astimezone(UTC))
    return stamp


def merged(stored: M, wanted: M, paths: list[str]) -> M:
    """Returns `stored` with the fields in `paths` replaced by those of `wanted`."""
    result, chosen = type(stored)(), type(stored)()
    result.CopyFrom(stored)
    chosen.CopyFrom(wanted)
    for field in stored.DESCRIPTOR.fields_by_name:
        (result if field in paths else chosen).ClearField(field)
    result.MergeFrom(chosen)
    return result


def id_in(name: str, pattern: str, findings: Findings, *, field: str) -> str | None:
    """Extracts the id from a reference; None if it is empty, or invalid, which is noted."""
    if not name:
        return None
    try:
        return names.parse(name, pattern)[0]
    except InvalidArgument:
        findings.add(field, f"must have the form {pattern}", "NAME_INVALID")
        return None


def handle_of(handle: str, title: str, findings: Findings) -> str:
    """Checks a handle; if it is empty, derives one from the title, if there is one."""
    try:
        return names.handle(handle) if handle else names.handle_of(title) if title.strip() else ""
    except InvalidArgument as refusal:
        findings.absorb(refusal)
        return ""

"""Updates: which fields a mask may change, and for which version of a row."""

from google.api import field_behavior_pb2
from google.api.field_behavior_pb2 import IDENTIFIER, IMMUTABLE, OUTPUT_ONLY
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from services.kernel.call.errors import Aborted, InvalidArgument, sentence

# These identify the resource and its version; an update never changes them.
_ADDRESS = frozenset({"name", "etag"})


def masked(message: Message, mask: FieldMask, current: Message | None = None) -> list[str]:
    """Returns which fields of `message` an update changes, each once; paths are whole fields.

    An empty mask means every set field that may be changed; OUTPUT_ONLY fields are then ignored. An
    IMMUTABLE field is ignored if it equals that of `current`, and refused otherwise, or if there is
    no `current`.

    Raises:
        InvalidArgument: MASK_INVALID for a path that is unknown, OUTPUT_ONLY, the identifier or the
            etag; FIELD_IMMUTABLE for a change of an IMMUTABLE field; both with the paths.
    """
    kind = type(message)
    if mask.paths:
        paths = list(dict.fromkeys(mask.paths))
        _refuse_unsettable(kind, paths)
    else:
        paths = [field.name for field, _ in message.ListFields() if _settable(kind, field.name)]
    immutable = [path for path in paths if IMMUTABLE in _behaviour(kind, path)]
    changed = [p for p in immutable if current is None or _value(message, p) != _value(current, p)]
    if changed:
        raise InvalidArgument(
            "FIELD_IMMUTABLE",
            f"These fields cannot be changed: {', '.join(changed)}.",
            dict.fromkeys(changed, "cannot be changed"),
        )
    return [path for path in paths if path not in immutable]


def etag(version: int) -> str:
    """Makes the etag of a row version: the number in double quotes, as in HTTP."""
    return f'"{version}"'


def check_etag(given: str, version: int) -> None:
    """Refuses an update meant for another version; an empty etag matches any.

    Raises:
        Aborted: ETAG_MISMATCH.
    """
    if given and given != etag(version):
        raise Aborted(
            "ETAG_MISMATCH",
            "The resource has changed since it was read. Read it again, then retry.",
            etag=etag(version),
        )


def _refuse_unsettable(kind: type[Message], paths: list[str]) -> None:
    fields = kind.DESCRIPTOR.fields_by_name
    wrong = {
        path[:100]: "cannot be set" if path in fields else "does not exist"
        for path in paths
        if path not in fields or not _settable(kind, path)
    }
    if wrong:
        raise InvalidArgument("MASK_INVALID", f"Invalid update_mask: {sentence(wrong)}", wrong)


def _settable(kind: type[Message], path: str) -> bool:
    return path not in _ADDRESS and not _behaviour(kind, path) & {OUTPUT_ONLY, IDENTIFIER}


def _behaviour(kind: type[Message], path: str) -> frozenset[int]:
    options = kind.DESCRIPTOR.fields_by_name[path].GetOptions()
    # google.api has no type stubs.
    found: list[int] = options.Extensions[field_behavior_pb2.field_behavior]  # type: ignore[index]
    return frozenset(found)


def _value(message: Message, path: str) -> object:
    value: object = getattr(message, path)
    return value

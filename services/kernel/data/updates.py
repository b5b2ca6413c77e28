"""Updates: a resource as its caller wants it, from the stored one, the request and its mask."""

from collections.abc import Iterable
from typing import Any, TypeVar

from google.api import field_behavior_pb2
from google.api.field_behavior_pb2 import IDENTIFIER, IMMUTABLE, OUTPUT_ONLY
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Value

from services.kernel.call.errors import Aborted, InvalidArgument, invalid, sentence

# These identify the resource and its version, or say what changes; an update never changes them.
_NEVER_UPDATED = frozenset({"name", "etag", "id", "update_mask"})

_REMOVED = Value(string_value="")

M = TypeVar("M", bound=Message)


def apply(requested: M, mask: FieldMask, *, to: M) -> M:
    """Returns the stored resource `to` with the fields in `mask` replaced by those of `requested`.

    The result equals `to` if nothing changes. A list whose elements have `id` and `update_mask` is
    replaced too, but an element with the id of a stored one replaces only the fields in its own
    mask, at any depth. Metadata keep the keys that `requested` lacks, and lose those that it sets
    to "". For masks see `masked`.

    Raises:
        Aborted: ETAG_MISMATCH, `requested` has the etag of another version.
        InvalidArgument: MASK_INVALID or FIELD_IMMUTABLE, with the paths.
    """
    if "etag" in to.DESCRIPTOR.fields_by_name:
        _refuse_stale(str(_value(requested, "etag")), str(_value(to, "etag")))
    return _merged(requested, masked(requested, mask, to), to)


def _merged(requested: M, paths: list[str], stored: M) -> M:
    result, replacement = type(stored)(), type(stored)()
    result.CopyFrom(stored)
    replacement.CopyFrom(requested)
    # Each field in one of the two only: merging would append one list to the other.
    for field in stored.DESCRIPTOR.fields_by_name:
        (result if field in paths else replacement).ClearField(field)
    for path in paths:
        if _has_partial_elements(stored, path):
            elements = _merged_elements(path, getattr(requested, path), getattr(stored, path))
            replacement.ClearField(path)
            getattr(replacement, path).extend(elements)
    if "metadata" in paths:
        _keep_other_keys(replacement, stored)
    result.MergeFrom(replacement)
    return result


def _keep_other_keys(replacement: Any, stored: Any) -> None:  # noqa: ANN401  # have metadata
    if not replacement.HasField("metadata"):
        return
    fields = replacement.metadata.fields
    removed = [key for key, value in fields.items() if value == _REMOVED]
    for key, value in stored.metadata.fields.items():
        if key not in fields:
            fields[key].CopyFrom(value)
    for key in removed:
        del fields[key]


def _has_partial_elements(message: Message, path: str) -> bool:
    field = message.DESCRIPTOR.fields_by_name[path]
    names = field.message_type.fields_by_name if field.message_type else {}
    return field.is_repeated and "id" in names and "update_mask" in names


def _merged_elements(path: str, requested: Iterable[Any], stored: Iterable[Any]) -> list[Any]:
    by_id = {element.id: element for element in stored}
    return [
        _merged_element(f"{path}[{position}]", element, by_id.get(element.id))
        for position, element in enumerate(requested)
    ]


def _merged_element(position: str, requested: Any, stored: Any) -> Any:  # noqa: ANN401  # has id and mask
    if stored is None:
        new = type(requested)()
        new.CopyFrom(requested)
        new.ClearField("update_mask")
        return new
    try:
        paths = masked(requested, requested.update_mask, stored)
    except InvalidArgument as refusal:
        violations = {f"{position}.{path}": text for path, text in refusal.violations.items()}
        raise invalid(refusal.reason, violations) from None
    return _merged(requested, paths, stored)


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
    changed = [
        path
        for path in immutable
        if current is None or _value(message, path) != _value(current, path)
    ]
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


def check_etag(etag_sent: str, version: int) -> None:
    """Refuses an update meant for another version; an empty etag matches any.

    Raises:
        Aborted: ETAG_MISMATCH.
    """
    _refuse_stale(etag_sent, etag(version))


def _refuse_stale(etag_sent: str, current: str) -> None:
    if etag_sent and etag_sent != current:
        raise Aborted(
            "ETAG_MISMATCH",
            "The resource has changed since it was read. Read it again, then retry.",
            etag=current,
        )


def _refuse_unsettable(kind: type[Message], paths: list[str]) -> None:
    fields = kind.DESCRIPTOR.fields_by_name
    violations = {
        path[:100]: "cannot be set" if path in fields else "does not exist"
        for path in paths
        if path not in fields or not _settable(kind, path)
    }
    if violations:
        raise InvalidArgument(
            "MASK_INVALID", f"Invalid update_mask: {sentence(violations)}", violations
        )


def _settable(kind: type[Message], path: str) -> bool:
    return path not in _NEVER_UPDATED and not _behaviour(kind, path) & {OUTPUT_ONLY, IDENTIFIER}


def _behaviour(kind: type[Message], path: str) -> frozenset[int]:
    options = kind.DESCRIPTOR.fields_by_name[path].GetOptions()
    # google.api has no type stubs.
    behaviours: list[int] = options.Extensions[field_behavior_pb2.field_behavior]  # type: ignore[index]
    return frozenset(behaviours)


def _value(message: Message, path: str) -> object:
    value: object = getattr(message, path)
    return value

"""Updates: a resource as its caller wants it, from the stored one, the request and its mask."""

from collections.abc import Iterable
from typing import Any, TypeVar

from google.api import field_behavior_pb2
from google.api.field_behavior_pb2 import IDENTIFIER, IMMUTABLE, OUTPUT_ONLY
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from services.kernel.call.errors import Aborted, InvalidArgument, invalid, sentence

# These identify the resource and its version, or say what changes; an update never changes them.
_ADDRESS = frozenset({"name", "etag", "id", "update_mask"})

M = TypeVar("M", bound=Message)


def apply(wanted: M, mask: FieldMask, *, to: M) -> M:
    """Returns the stored resource `to` with the fields in `mask` replaced by those of `wanted`.

    The result equals `to` if nothing changes. A list whose elements have `id` and `update_mask` is
    replaced too, but an element with the id of a stored one replaces only the fields in its own
    mask, at any depth. For masks see `masked`.

    Raises:
        Aborted: ETAG_MISMATCH, `wanted` has the etag of another version.
        InvalidArgument: MASK_INVALID or FIELD_IMMUTABLE, with the paths.
    """
    if "etag" in to.DESCRIPTOR.fields_by_name:
        _refuse_stale(str(_value(wanted, "etag")), str(_value(to, "etag")))
    return _merged(wanted, masked(wanted, mask, to), to)


def _merged(wanted: M, paths: list[str], stored: M) -> M:
    result, chosen = type(stored)(), type(stored)()
    result.CopyFrom(stored)
    chosen.CopyFrom(wanted)
    for field in stored.DESCRIPTOR.fields_by_name:
        (result if field in paths else chosen).ClearField(field)
    for path in paths:
        if _has_partial_elements(stored, path):
            elements = _merged_elements(path, getattr(wanted, path), getattr(stored, path))
            chosen.ClearField(path)
            getattr(chosen, path).extend(elements)
    result.MergeFrom(chosen)
    return result


def _has_partial_elements(message: Message, path: str) -> bool:
    field = message.DESCRIPTOR.fields_by_name[path]
    names = field.message_type.fields_by_name if field.message_type else {}
    return field.is_repeated and "id" in names and "update_mask" in names


def _merged_elements(path: str, wanted: Iterable[Any], stored: Iterable[Any]) -> list[Any]:
    by_id = {element.id: element for element in stored}
    return [
        _merged_element(f"{path}[{place}]", element, by_id.get(element.id))
        for place, element in enumerate(wanted)
    ]


def _merged_element(place: str, wanted: Any, stored: Any) -> Any:  # noqa: ANN401  # has id and mask
    if stored is None:
        new = type(wanted)()
        new.CopyFrom(wanted)
        new.ClearField("update_mask")
        return new
    try:
        paths = masked(wanted, wanted.update_mask, stored)
    except InvalidArgument as refusal:
        wrong = {f"{place}.{path}": text for path, text in refusal.violations.items()}
        raise invalid(refusal.reason, wrong) from None
    return _merged(wanted, paths, stored)


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
    _refuse_stale(given, etag(version))


def _refuse_stale(given: str, current: str) -> None:
    if given and given != current:
        raise Aborted(
            "ETAG_MISMATCH",
            "The resource has changed since it was read. Read it again, then retry.",
            etag=current,
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

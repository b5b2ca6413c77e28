"""What requests about API keys want: rows to create, filters of lists, and new titles."""

from datetime import UTC, datetime

from google.protobuf.field_mask_pb2 import FieldMask
from souk.tenant_registry.v1 import api_key_service_pb2 as pb
from sqlalchemy import ColumnElement

from services.kernel.call import names, times
from services.kernel.call.errors import invalid
from services.kernel.call.scope import current_scope
from services.kernel.data import updates
from services.kernel.data.time_ranges import within
from services.tenant_registry.models import ApiKey
from services.tenant_registry.tenants import rules


def filters(request: pb.ListApiKeysRequest) -> list[ColumnElement[bool]]:
    """Returns the conditions that a list's filters set on keys."""
    conditions = [
        *within(ApiKey.create_time, request.created_at),
        *within(ApiKey.revoke_time, request.revoked_at),
    ]
    if request.query:
        conditions.append(ApiKey.title.icontains(request.query, autoescape=True))
    if request.ids:
        conditions.append(ApiKey.key_id.in_(request.ids))
    if request.title:
        conditions.append(ApiKey.title == request.title)
    if request.kind:
        conditions.append(ApiKey.kind == _kind(request.kind))
    return conditions


def _kind(value: pb.ApiKey.Kind.ValueType) -> str:
    return pb.ApiKey.Kind.Name(value).removeprefix("KIND_")


def new_title(request: pb.UpdateApiKeyRequest, before: pb.ApiKey) -> str:
    """Returns the title that an update gives a key.

    Raises:
        InvalidArgument: MASK_INVALID for any other field, KEY_INVALID for no title.
    """
    if others := sorted({*request.update_mask.paths} - {"title"}):
        raise invalid("MASK_INVALID", {path[:100]: "cannot be changed" for path in others})
    title = updates.apply(request.api_key, FieldMask(paths=["title"]), to=before).title.strip()
    if wrong := rules.title_violation(title):
        raise invalid("KEY_INVALID", {"title": wrong})
    return title


def checked_row(requested: pb.ApiKey, *, all_permissions: bool) -> ApiKey:
    """Checks a key to create, and returns its row without the key itself.

    Raises:
        InvalidArgument: KEY_INVALID, with a violation for each wrong field.
    """
    now, kind = datetime.now(UTC), _kind(requested.kind)
    expires = times.read(requested, "expire_time", reason="KEY_INVALID")
    if wrong := rules.key_violations(
        kind,
        requested.title,
        requested.permissions,
        has_all=all_permissions,
        expires=expires,
        now=now,
    ):
        raise invalid("KEY_INVALID", wrong)
    return ApiKey(
        tenant_id=current_scope().tenant,
        key_id=names.new_id("apk"),
        kind=kind,
        title=requested.title.strip(),
        permissions=sorted(set(requested.permissions)),
        creator=current_scope().actor,
        revoker="",
        create_time=now,
        expire_time=expires,
    )

"""ApiKeyService: creates, shows and revokes keys, and finds them by digest."""

import asyncio
from datetime import UTC, datetime, timedelta

from google.protobuf.empty_pb2 import Empty
from souk.tenant_registry.v1 import api_key_service_pb2 as pb
from souk.tenant_registry.v1 import api_key_service_pb2_grpc as pb_grpc
from souk.tenant_registry.v1.tenant_pb2 import TenantConfig
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call import names
from services.kernel.call.errors import (
    FailedPrecondition,
    NotFound,
    PermissionDenied,
    ServiceError,
)
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.process import logs
from services.tenant_registry.models import ApiKey, Tenant
from services.tenant_registry.roles import assignment_rules, holder_queries
from services.tenant_registry.roles.evaluation import access
from services.tenant_registry.tenants import key_requests, messages, queries, rules
from services.tenant_registry.tenants.messages import config
from services.tenant_registry.tenants.queries import owner_of_key
from services.tenant_registry.tenants.rules import State
from services.tenant_registry.tenants.tenants import existing, not_found
from services.values import api_keys

_NAME = "tenants/{tenant}/apiKeys/{api_key}"
_ORDERS = {
    "created_at": (ApiKey.create_time, ApiKey.key_id),
    "title": (ApiKey.title, ApiKey.key_id),
}
_USE_NOTED_EVERY = timedelta(minutes=1)
_LOCK_KEYS = text("SELECT pg_advisory_xact_lock(hashtextextended('api_key/' || :tenant, 0))")


class ApiKeyServicer(pb_grpc.ApiKeyServiceServicer):
    def __init__(self, db: Database, *, head_office: str) -> None:
        self._db = db
        self._head_office = head_office
        self._background: set[asyncio.Task[None]] = set()

    async def CreateApiKey(
        self, request: pb.CreateApiKeyRequest, _context: object
    ) -> pb.CreateApiKeyResponse:
        current_scope().require_parent(request.parent)
        row = key_requests.checked_row(request.api_key, all_permissions=request.all_permissions)
        if row.kind == api_keys.PUBLISHABLE:
            return await self._create_publishable(request, row)
        return await self._create_secret(request, row)

    async def _create_secret(
        self, request: pb.CreateApiKeyRequest, row: ApiKey
    ) -> pb.CreateApiKeyResponse:
        # The platform's door: the maker's rights are read in the transaction that creates the key.
        async with self._db.platform() as session:
            if answer := await requests.stored_answer(session, request, pb.ApiKey):
                return pb.CreateApiKeyResponse(api_key=answer)
            await session.execute(_LOCK_KEYS, {"tenant": row.tenant_id})
            tenant = await session.get(Tenant, row.tenant_id)
            if tenant is None:
                raise not_found(request.parent)
            makers = await _held_by_maker(session, self._head_office, until=row.expire_time)
            if request.all_permissions:
                row.permissions = sorted(makers & rules.GRANTABLE)
            if not row.permissions:
                raise PermissionDenied(
                    "KEY_EXCEEDS_MAKER",
                    "You hold no permission here, for as long, that a key can have.",
                )
            if missing := set(row.permissions) - makers:
                raise PermissionDenied(
                    "KEY_EXCEEDS_MAKER",
                    "A key cannot have permissions that you do not hold here for as long.",
                    permissions=", ".join(sorted(missing)),
                )
            return await _add_key(session, request, row, tenant)

    async def _create_publishable(
        self, request: pb.CreateApiKeyRequest, row: ApiKey
    ) -> pb.CreateApiKeyResponse:
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, pb.ApiKey):
                return pb.CreateApiKeyResponse(api_key=answer)
            tenant = await existing(session, lock=True)
            tenant.config_version += 1
            return await _add_key(session, request, row, tenant)

    async def GetApiKey(self, request: pb.GetApiKeyRequest, _context: object) -> pb.ApiKey:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            return messages.api_key(await _existing_key(session, request.name))

    async def ListApiKeys(
        self, request: pb.ListApiKeysRequest, _context: object
    ) -> pb.ListApiKeysResponse:
        current_scope().require_parent(request.parent)
        statement = queries.listed_keys(key_requests.filters(request))
        async with self._db.tenant() as session:
            await existing(session)
            rows, token, total = await pages.read_page(
                session, request, statement, _ORDERS, default="-created_at"
            )
        return pb.ListApiKeysResponse(
            api_keys=[messages.api_key(row) for row in rows],
            next_page_token=token,
            total_size=total,
        )

    async def UpdateApiKey(self, request: pb.UpdateApiKeyRequest, _context: object) -> pb.ApiKey:
        current_scope().require(request.api_key.name)
        async with self._db.tenant() as session:
            row = await _existing_key(session, request.api_key.name, lock=True)
            before = messages.api_key(row)
            title = key_requests.new_title(request, before)
            if title == row.title:
                return before
            row.title, row.retitle_time = title, datetime.now(UTC)
            after = messages.api_key(row)
            audit.record(session, resource=after.name, before=before, after=after)
        return after

    async def DeleteApiKey(self, request: pb.DeleteApiKeyRequest, _context: object) -> Empty:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            row = await _existing_key(session, request.name, lock=True)
            if row.revoke_time is None:
                raise FailedPrecondition(
                    "KEY_NOT_REVOKED", "Only a revoked key can be deleted. Revoke it first."
                )
            row.delete_time = datetime.now(UTC)
            audit.record(session, resource=request.name, before=messages.api_key(row))
        return Empty()

    async def RevokeApiKey(self, request: pb.RevokeApiKeyRequest, _context: object) -> pb.ApiKey:
        current_scope().require(request.name)
        async with self._db.tenant() as session:
            row = await _existing_key(session, request.name, lock=True)
            before = messages.api_key(row)
            if row.revoke_time is not None:
                return before
            row.revoke_time, row.revoker = datetime.now(UTC), current_scope().actor
            if row.kind == api_keys.PUBLISHABLE:
                (await existing(session, lock=True)).config_version += 1
            after = messages.api_key(row)
            audit.record(session, resource=after.name, before=before, after=after)
        return after

    async def ResolveApiKey(
        self, request: pb.ResolveApiKeyRequest, _context: object
    ) -> pb.ResolvedApiKey:
        now = datetime.now(UTC)
        async with self._db.platform() as session:
            row = await queries.live_secret_key(session, request.digest, now)
        if row is None:
            raise _key_not_found()
        if row.last_use_time is None or row.last_use_time < now - _USE_NOTED_EVERY:
            task = asyncio.create_task(self._note_use(row.key_id, now))
            self._background.add(task)
            task.add_done_callback(self._background.discard)
        return messages.resolved_api_key(row)

    async def ResolvePublishableKey(
        self, request: pb.ResolvePublishableKeyRequest, _context: object
    ) -> TenantConfig:
        async with self._db.platform() as session:
            found = await owner_of_key(session, request.digest, active_only=request.active_only)
        if found is None:
            raise _key_not_found()
        return config(found.tenant, found.hosts, found.key_digests)

    async def _note_use(self, key_id: str, now: datetime) -> None:
        """Records a use in the background: nobody waits for it, and it is not an act."""
        try:
            async with self._db.housekeeping() as session:
                await queries.note_key_use(session, key_id, now, every=_USE_NOTED_EVERY)
        except ServiceError as error:
            logs.logger().warning("key_use_unnoted", reason=error.reason)


async def _held_by_maker(
    session: AsyncSession, head_office: str, *, until: datetime | None
) -> frozenset[str]:
    """Returns what the caller holds at the scope's tenant until `until`; None means for good.

    It is locked against changes.

    Raises:
        InvalidArgument: NAME_INVALID, the caller is not an admin.
    """
    scope = current_scope()
    (admin_id,) = names.parse(scope.actor, "admins/{admin}")
    await queries.lock_rights(session, admin_id)
    now = datetime.now(UTC)
    found = await holder_queries.admin_and_policies(session, admin_id, scope.tenant, now=now)
    if found is None:
        return frozenset()
    # A key outlives an access grant, so it cannot hold what a grant opens.
    lasting = [policy for policy in found[1] if assignment_rules.lasts(policy, until)]
    held = access(lasting, at=scope.tenant, now=now, open_tenants={head_office})
    return held.permissions & scope.permissions


async def _add_key(
    session: AsyncSession, request: pb.CreateApiKeyRequest, row: ApiKey, tenant: Tenant
) -> pb.CreateApiKeyResponse:
    """Adds a key to a tenant; the caller holds the lock under which its keys are counted."""
    if tenant.state == State.ARCHIVED:
        raise FailedPrecondition("TENANT_ARCHIVED", "This tenant is archived. Undelete it first.")
    limit = rules.LIVE_KEYS_LIMIT[row.kind]
    number = await queries.number_of_live_keys(session, row.tenant_id, row.kind, row.create_time)
    if number >= limit:
        raise FailedPrecondition(
            "KEYS_FULL", f"A tenant can have at most {limit} live keys of this kind."
        )
    secret = api_keys.new_key(row.kind)
    row.digest, row.prefix = api_keys.digest(secret), api_keys.visible_prefix(secret, row.kind)
    session.add(row)
    message = messages.api_key(row)
    audit.record(session, resource=message.name, after=message)
    # The secret is not kept for repeats: it would be stored for a day.
    await requests.remember(session, request, message)
    return pb.CreateApiKeyResponse(api_key=message, secret=secret)


async def _existing_key(session: AsyncSession, name: str, *, lock: bool = False) -> ApiKey:
    _, key_id = names.parse(name, _NAME)
    row = await queries.own_key(session, key_id, lock=lock)
    if row is None:
        raise NotFound("KEY_NOT_FOUND", f"No such key: {name}.", key=name)
    return row


def _key_not_found() -> NotFound:
    return NotFound("KEY_NOT_FOUND", "No live key has this digest.")

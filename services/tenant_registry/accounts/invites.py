"""InviteService: roles offered by mail, and given on acceptance."""

from datetime import UTC, datetime, timedelta

from google.protobuf.empty_pb2 import Empty
from souk.tenant_registry.v1 import access_service_pb2 as access
from souk.tenant_registry.v1 import invite_service_pb2 as pb
from souk.tenant_registry.v1 import invite_service_pb2_grpc as pb_grpc
from sqlalchemy.ext.asyncio import AsyncSession

from services.kernel.call.errors import FailedPrecondition, NotFound, invalid
from services.kernel.call.names import new_id
from services.kernel.call.scope import current_scope
from services.kernel.data import pages, requests
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.mail.mailer import Mailer
from services.tenant_registry.accounts import (
    lists,
    mail_texts,
    messages,
    one_time_tokens,
    queries,
)
from services.tenant_registry.accounts.invite_acceptance import InviteAcceptance
from services.tenant_registry.accounts.mail_limits import count_invite
from services.tenant_registry.caller import place_and_id, place_of
from services.tenant_registry.models import Invite
from services.tenant_registry.roles import assigning
from services.tenant_registry.roles.messages import role_id
from services.values.emails import canonical_email, is_email

INVITE = "invite"
LIFETIME = timedelta(days=7)


class InviteServicer(pb_grpc.InviteServiceServicer):
    def __init__(self, db: Database, accepting: InviteAcceptance, mailer: Mailer) -> None:
        self._db = db
        self._accepting = accepting
        self._mailer = mailer

    async def CreateInvite(self, request: pb.CreateInviteRequest, _context: object) -> pb.Invite:
        tenant, email = place_of(request.parent), _checked_email(request.invite.email)
        token, now = one_time_tokens.new_token(INVITE), datetime.now(UTC)
        async with self._db.platform() as session:
            if answer := await requests.stored_answer(session, request, pb.Invite):
                return answer
            row = Invite(
                invite_id=new_id("inv"),
                tenant_id=tenant,
                email=email,
                role_id=role_id(request.invite.role, tenant),
                reason=request.invite.reason.strip(),
                token_hash=one_time_tokens.hashed(token),
                invited_by=current_scope().actor,
                create_time=now,
                end_time=now + LIFETIME,
            )
            await assigning.check_offer(session, offered_role("", row))
            await _refuse_when_full(session, tenant, now=now)
            await count_invite(session, email, tenant, now=now)
            session.add(row)
            message = messages.invite(row)
            audit.record(session, resource=message.name, after=message, tenant=tenant)
            await requests.remember(session, request, message)
        self._send(row, token)
        return message

    async def GetInvite(self, request: pb.GetInviteRequest, _context: object) -> pb.Invite:
        tenant, invite_id = place_and_id(request.name, "invites/{invite}")
        async with self._db.platform() as session:
            return messages.invite(await _existing(session, invite_id, tenant))

    async def ListInvites(
        self, request: pb.ListInvitesRequest, _context: object
    ) -> pb.ListInvitesResponse:
        tenant = place_of(request.parent)
        statement = lists.matching_invites(request, tenant, now=datetime.now(UTC))
        async with self._db.platform() as session:
            rows, token, total = await pages.read_page(
                session, request, statement, lists.INVITE_ORDERS
            )
        return pb.ListInvitesResponse(
            invites=[messages.invite(row) for row in rows], next_page_token=token, total_size=total
        )

    async def DeleteInvite(self, request: pb.DeleteInviteRequest, _context: object) -> Empty:
        tenant, invite_id = place_and_id(request.name, "invites/{invite}")
        async with self._db.platform() as session:
            row = await _existing(session, invite_id, tenant, lock=True)
            await assigning.check_withdrawal(
                session, offered_role("", row), offered_by=row.invited_by
            )
            message = messages.invite(row)
            await session.delete(row)
            audit.record(session, resource=message.name, before=message, tenant=tenant)
        return Empty()

    async def ResendInvite(self, request: pb.ResendInviteRequest, _context: object) -> pb.Invite:
        tenant, invite_id = place_and_id(request.name, "invites/{invite}")
        token, now = one_time_tokens.new_token(INVITE), datetime.now(UTC)
        async with self._db.platform() as session:
            row = await _existing(session, invite_id, tenant, lock=True)
            before = messages.invite(row)
            await assigning.check_offer(session, offered_role("", row))
            await count_invite(session, row.email, tenant, now=now)
            row.token_hash, row.end_time = one_time_tokens.hashed(token), now + LIFETIME
            row.invited_by = current_scope().actor
            message = messages.invite(row)
            audit.record(session, resource=message.name, before=before, after=message,
                         tenant=tenant)  # fmt: skip
        self._send(row, token)
        return message

    async def Register(self, request: pb.RegisterRequest, _context: object) -> pb.RegisterResponse:
        email = _checked_email(request.email)
        registration = await self._accepting.register(email, request.password)
        return pb.RegisterResponse(registration=registration)

    async def AcceptInvite(self, request: pb.AcceptInviteRequest, _context: object) -> access.Admin:
        return await self._accepting.accept(request, one_time_tokens.digest(INVITE, request.token))

    async def AcceptOwnInvite(
        self, request: pb.AcceptOwnInviteRequest, _context: object
    ) -> access.Admin:
        return await self._accepting.accept_own(one_time_tokens.digest(INVITE, request.token))

    def _send(self, row: Invite, token: str) -> None:
        place = f"tenants/{row.tenant_id}" if row.tenant_id else "the whole platform"
        text = mail_texts.invite_text(token, row.role_id, place)
        self._mailer.in_background(self._mailer.send(row.email, mail_texts.INVITE_SUBJECT, text))


def offered_role(admin_id: str, row: Invite) -> assigning.RequestedRole:
    """Returns the role that an invite offers, as one to give."""
    return assigning.RequestedRole(admin_id, row.role_id, row.tenant_id, row.reason)


async def _existing(
    session: AsyncSession, invite_id: str, tenant: str | None, *, lock: bool = False
) -> Invite:
    now = datetime.now(UTC)
    row = await queries.open_invite(session, invite_id, tenant, now=now, lock=lock)
    if row is None:
        raise NotFound(
            "INVITE_NOT_FOUND", "No such invite here, or it has expired or been accepted."
        )
    return row


async def _refuse_when_full(session: AsyncSession, tenant: str | None, *, now: datetime) -> None:
    if await queries.number_of_open_invites(session, tenant, now=now) >= queries.INVITES_LIMIT:
        raise FailedPrecondition(
            "INVITES_FULL",
            f"At most {queries.INVITES_LIMIT} invites can be open here. Delete one first.",
        )


def _checked_email(text: str) -> str:
    email = canonical_email(text)
    if not is_email(email):
        raise invalid("INVITE_INVALID", {"email": "must be an e-mail address"})
    return email

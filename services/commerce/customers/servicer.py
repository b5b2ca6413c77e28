"""StoreCustomerService: what shoppers do with accounts of their own."""

from datetime import UTC, datetime

from souk.commerce.v1 import customer_pb2
from souk.commerce.v1 import store_customer_service_pb2 as pb
from souk.commerce.v1.store_customer_service_pb2_grpc import StoreCustomerServiceServicer
from sqlalchemy.ext.asyncio import AsyncSession

from services.commerce.caller import current_customer, current_identity
from services.commerce.customers import addresses, messages, queries, sessions
from services.commerce.customers.attempts import Attempts
from services.commerce.customers.own import no_such_customer, own_id, owner_of
from services.commerce.customers.passwords import PasswordMethods
from services.commerce.customers.tokens import CustomerTokens
from services.commerce.models import Customer, Identity
from services.kernel.call import names
from services.kernel.call.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    Unauthenticated,
    invalid,
)
from services.kernel.call.passwords import Passwords
from services.kernel.call.scope import current_scope
from services.kernel.data import requests, updates
from services.kernel.data.database import Database
from services.kernel.evidence import audit
from services.kernel.mail.mailer import Mailer
from services.values.emails import canonical_email, is_email
from services.values.passwords import password_flaw


class StoreCustomerServicer(PasswordMethods, StoreCustomerServiceServicer):
    def __init__(
        self,
        db: Database,
        passwords: Passwords,
        tokens: CustomerTokens,
        mailer: Mailer,
        attempts: Attempts,
    ) -> None:
        self._db = db
        self._passwords = passwords
        self._tokens = tokens
        self._attempts = attempts
        self._mailer = mailer

    async def Register(self, request: pb.RegisterRequest, _context: object) -> pb.CustomerToken:
        tenant = _tenant(request.parent)
        email = canonical_email(request.email)
        if not is_email(email):
            raise invalid("FIELD_INVALID", {"email": "must be an e-mail address"})
        if flaw := password_flaw(request.password, email):
            raise InvalidArgument("PASSWORD_INVALID", f"The password {flaw}.", {"password": flaw})
        # Between transactions: hashing must hold neither a connection nor a lock.
        password_hash, now = await self._passwords.hash(request.password), datetime.now(UTC)
        identity_id = names.new_id("authid")
        async with self._db.tenant() as session:
            added = await queries.add_identity(
                session,
                identity_id=identity_id,
                email=email,
                password_hash=password_hash,
                create_time=now,
                update_time=now,
            )
            if not added:
                raise Unauthenticated("IDENTITY_EXISTS", "Identity with email already exists")
            session_id = await sessions.begin(session, identity_id)
            audit.record(session, resource=f"tenants/{tenant}/identities/{identity_id}")
        return self._tokens.answer(tenant, identity_id, None, session_id=session_id)

    async def CreateOwnCustomer(
        self, request: pb.CreateOwnCustomerRequest, _context: object
    ) -> customer_pb2.Customer:
        _tenant(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, customer_pb2.Customer):
                return answer
            identity, now = await _own_identity(session), datetime.now(UTC)
            _check_email(request.customer.email, identity)
            if await queries.account_of_email(session, identity.email) is not None:
                raise _exists()
            row = Customer(
                tenant_id=session.info["tenant"],
                customer_id=names.new_id("cus"),
                email=identity.email,
                has_account=True,
                version=1,
                create_time=now,
                update_time=now,
            )
            messages.put(request.customer, row)
            session.add(row)
            await session.flush()
            identity.customer_id, identity.update_time = row.customer_id, now
            made = messages.customer(row)
            audit.record(session, resource=made.name, after=made)
            return await requests.remember(session, request, made)

    async def GetOwnCustomer(
        self, request: pb.GetOwnCustomerRequest, _context: object
    ) -> customer_pb2.Customer:
        async with self._db.tenant() as session:
            return await addresses.with_addresses(
                session, await _own_customer(session, request.name)
            )

    async def UpdateOwnCustomer(
        self, request: pb.UpdateOwnCustomerRequest, _context: object
    ) -> customer_pb2.Customer:
        async with self._db.tenant() as session:
            row = await _own_customer(session, request.customer.name, lock=True)
            before = messages.customer(row)
            changed = updates.apply(request.customer, request.update_mask, to=before)
            if changed != before:
                messages.put(changed, row)
                row.version += 1
                row.update_time = datetime.now(UTC)
                after = messages.customer(row)
                audit.record(session, resource=after.name, before=before, after=after)
            return await addresses.with_addresses(session, row)

    async def CreateOwnAddress(
        self, request: pb.CreateOwnAddressRequest, _context: object
    ) -> customer_pb2.Customer:
        current_scope().require(request.parent)
        async with self._db.tenant() as session:
            if answer := await requests.stored_answer(session, request, customer_pb2.Customer):
                return answer
            owner = await _own_customer(session, request.parent, lock=True)
            await addresses.add(session, owner, request.address)
            changed = await addresses.with_addresses(session, owner)
            return await requests.remember(session, request, changed)

    async def UpdateOwnAddress(
        self, request: pb.UpdateOwnAddressRequest, _context: object
    ) -> customer_pb2.Customer:
        async with self._db.tenant() as session:
            owner = await _own_customer(session, owner_of(request.address.name), lock=True)
            await addresses.change(session, owner, request.address, request.update_mask)
            return await addresses.with_addresses(session, owner)

    async def DeleteOwnAddress(
        self, request: pb.DeleteOwnAddressRequest, _context: object
    ) -> customer_pb2.Customer:
        async with self._db.tenant() as session:
            owner = await _own_customer(session, owner_of(request.name), lock=True)
            await addresses.remove(session, owner, request.name)
            return await addresses.with_addresses(session, owner)


async def _own_identity(session: AsyncSession) -> Identity:
    """Locks the identity that calls, which must not stand for a customer yet."""
    if current_customer() is not None:
        raise FailedPrecondition(
            "ALREADY_AUTHENTICATED", "Request already authenticated as a customer."
        )
    identity = await queries.identity(session, current_identity() or "", lock=True)
    if identity is None:
        raise Unauthenticated("UNAUTHENTICATED", "Unauthorized")
    if identity.customer_id is not None:
        raise _exists()
    return identity


async def _own_customer(session: AsyncSession, name: str, *, lock: bool = False) -> Customer:
    """Reads the customer that calls; any other is an unknown one."""
    row = await queries.customer(session, customer_id := own_id(name), lock=lock)
    if row is None:
        raise no_such_customer(customer_id)
    return row


def _tenant(parent: str) -> str:
    current_scope().require_parent(parent)
    return parent.removeprefix("tenants/")


def _check_email(email: str, identity: Identity) -> None:
    """Refuses an address that the caller has not registered, or they could pose as somebody."""
    if canonical_email(email) != identity.email:
        text = "must be the address that you registered with"
        raise invalid("EMAIL_MISMATCH", {"email": text})


def _exists() -> AlreadyExists:
    return AlreadyExists("CUSTOMER_EXISTS", "Customer with this email already has an account")

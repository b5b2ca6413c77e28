"""Roles, assignments, access grants and explanations."""

from pydantic import BaseModel, Field
from souk.tenant_registry.v1.access_grant_service_pb2 import AccessGrant
from souk.tenant_registry.v1.access_service_pb2 import Admin, Explanation
from souk.tenant_registry.v1.assignment_service_pb2 import Assignment
from souk.tenant_registry.v1.role_service_pb2 import Role

from gateway.admin.shapes.admin import UserDocument, user_json
from gateway.admin.shapes.scalars import (
    Body,
    Document,
    Etag,
    Moment,
    Time,
    given,
    last_id,
    moment_json,
    optional,
    time_json,
)


class AssignmentCreate(Body):
    """A role to assign to an admin."""

    user_id: str = Field(
        max_length=100, description="The admin who receives the role; not the caller."
    )
    role: str = Field(
        max_length=100, description="The role's id; the caller must hold it here.",
        examples=["OrderOps"],
    )  # fmt: skip
    reason: str = Field(description="The reason, 1 to 500 characters.")
    from_: Moment = optional(alias="from", description="Defaults to now.")
    until: Moment | None = Field(None, description="Defaults to no end.")
    validate_only: bool = Field(
        False, description="Return what the request would change, without changing it."
    )


class EffectDocument(BaseModel):
    """A change of an admin's permissions at one place."""

    user_id: str
    tenant_id: str | None = Field(
        description="null: the platform; -: every tenant where the admin has no role of its own."
    )
    gained: list[str]
    lost: list[str]


class AssignmentDocument(BaseModel):
    """A role that an admin holds, held or will hold."""

    id: str
    user_id: str
    role: str
    tenant_id: str | None = Field(description="null when the role applies everywhere.")
    from_: Time = Field(alias="from")
    until: Time | None
    reason: str
    granted_by: str = Field(description="The resource name of the admin who assigned it.")
    created_at: Time
    revoked_at: Time | None
    revoked_by: str | None
    revoke_reason: str | None = Field(description="null when no reason was given.")
    effects: list[EffectDocument] | None = Field(
        description="What the assignment changed, or would change; null in reads."
    )


class EndedDocument(BaseModel):
    """The result of revoking a role or deactivating an admin."""

    id: str
    object: str = Field(examples=["assignment"])
    deleted: bool = Field(description="false for validate_only.")
    effects: list[EffectDocument]


class PolicyDocument(BaseModel):
    """The permissions that a role grants at one reach."""

    id: str
    reach: str = Field(description="platform or tenant.")
    permissions: list[str] = Field(description="`*` stands for every noun or verb.")
    description: str


class RoleDocument(BaseModel):
    """A role: built in, or a tenant's own."""

    id: str
    tenant_id: str | None = Field(description="null for a built-in role.")
    display_name: str
    description: str
    policies: list[PolicyDocument]
    etag: Etag | None
    created_at: Time | None
    updated_at: Time | None
    effects: list[EffectDocument] | None = Field(
        description="What the update changed, or would change, for up to 50 holders; null in reads."
    )


class RoleCreate(Body):
    """A role to create for one tenant."""

    display_name: str = Field(description="1 to 100 characters.")
    description: str = Field("", description="At most 500 characters.")
    permissions: list[str] = Field(
        max_length=200,
        description="At most those of a TenantAdmin; the caller must hold them without an end.",
    )


class RoleUpdate(Body):
    """The fields of a tenant's role to update."""

    display_name: str = optional()
    description: str | None = None
    permissions: list[str] = optional(max_length=200)
    validate_only: bool = Field(
        False, description="Return what the request would change, without changing it."
    )


class AccessGrantCreate(Body):
    """A request for temporary access to a tenant."""

    reason: str = Field(description="The reason, 1 to 500 characters; the tenant can read it.")
    minutes: int = Field(description="1 to 15.")


class AccessGrantDocument(BaseModel):
    """Temporary access of an admin to a tenant."""

    id: str
    tenant_id: str
    user_id: str
    reason: str
    created_at: Time
    expires_at: Time
    ended_at: Time | None = Field(description="When it was ended early; else null.")
    ended_by: str | None = Field(description="The resource name of the admin who ended it early.")


class ReasonDocument(BaseModel):
    """What one role or access grant contributes to the verdict."""

    id: str = Field(description="The id of the assignment or access grant.")
    tenant_id: str | None
    role: str | None
    verdict: str = Field(examples=["COUNTS", "EXPIRED"])


class ExplanationDocument(BaseModel):
    """Whether an admin has the permission, and why."""

    user: UserDocument
    allowed: bool
    reasons: list[ReasonDocument]


def assignment_message(body: AssignmentCreate) -> Assignment:
    message = Assignment(
        admin=f"admins/{body.user_id}", role=f"roles/{body.role}", reason=body.reason
    )
    if body.from_ is not None:
        message.from_time.FromDatetime(body.from_)
    if body.until is not None:
        message.until_time.FromDatetime(body.until)
    return message


def assignment_json(one: Assignment, *, done: bool = False) -> Document:
    """Converts an assignment to JSON; `done` includes what it changed."""
    return {
        "id": last_id(one.name),
        "user_id": last_id(one.admin),
        "role": last_id(one.role),
        "tenant_id": _tenant_of(one.name),
        "from": time_json(one.from_time),
        "until": moment_json(one, "until_time"),
        "reason": one.reason,
        "granted_by": one.granted_by,
        "created_at": time_json(one.create_time),
        "revoked_at": moment_json(one, "revoke_time"),
        "revoked_by": one.revoked_by or None,
        "revoke_reason": one.revoke_reason or None,
        "effects": effects_json(one) if done else None,
    }


def ended_json(kind: str, one: Assignment | Admin, *, only_told: bool) -> Document:
    """Converts the result of a revocation or deactivation to JSON."""
    return {
        "id": last_id(one.name),
        "object": kind,
        "deleted": not only_told,
        "effects": effects_json(one),
    }


def effects_json(one: Assignment | Admin | Role) -> list[Document]:
    return [
        {
            "user_id": last_id(effect.admin),
            "tenant_id": last_id(effect.place) or None,
            "gained": list(effect.gained),
            "lost": list(effect.lost),
        }
        for effect in one.effects
    ]


def role_message(body: RoleCreate | RoleUpdate, name: str = "", etag: str = "") -> Role:
    return Role(name=name, etag=etag, **given(body))


def role_json(role: Role, *, done: bool = False) -> Document:
    """Converts a role to JSON; `done` includes what the update changed."""
    return {
        "id": last_id(role.name),
        "tenant_id": _tenant_of(role.name),
        "display_name": role.display_name,
        "description": role.description,
        "policies": [
            {
                "id": policy.id,
                "reach": policy.reach.lower(),
                "permissions": list(policy.permissions),
                "description": policy.description,
            }
            for policy in role.policies
        ],
        "etag": role.etag or None,
        "created_at": moment_json(role, "create_time"),
        "updated_at": moment_json(role, "update_time"),
        "effects": effects_json(role) if done else None,
    }


def access_grant_json(one: AccessGrant) -> Document:
    return {
        "id": last_id(one.name),
        "tenant_id": _tenant_of(one.name),
        "user_id": last_id(one.admin),
        "reason": one.reason,
        "created_at": time_json(one.create_time),
        "expires_at": time_json(one.expire_time),
        "ended_at": moment_json(one, "end_time"),
        "ended_by": one.ended_by or None,
    }


def explanation_json(one: Explanation) -> Document:
    return {
        "user": user_json(one.admin),
        "allowed": one.allowed,
        "reasons": [
            {
                "id": last_id(reason.source),
                "tenant_id": _tenant_of(reason.source),
                "role": last_id(reason.role) or None,
                "verdict": reason.verdict,
            }
            for reason in one.reasons
        ],
    }


def _tenant_of(name: str) -> str | None:
    kind, _, rest = name.partition("/")
    return rest.partition("/")[0] if kind == "tenants" else None

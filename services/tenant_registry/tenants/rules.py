"""State transitions of a tenant."""

from enum import StrEnum


class State(StrEnum):
    PROVISIONING = "PROVISIONING"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    ARCHIVED = "ARCHIVED"


class Refused(Exception):
    """The state of a tenant forbids an act; callers switch on `reason`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def updated(state: State) -> State:
    """Allows changes to any tenant but an archived one."""
    if state is State.ARCHIVED:
        raise Refused("TENANT_ARCHIVED", "This tenant is archived. Undelete it first.")
    return state


def activated(state: State) -> State:
    return State.ACTIVE if updated(state) else state


def suspended(state: State, *, head_office: bool) -> State:
    _protect(head_office=head_office)
    return State.SUSPENDED if updated(state) else state


def archived(state: State, *, head_office: bool) -> State:
    _protect(head_office=head_office)
    return State.ARCHIVED if updated(state) else state


def undeleted(state: State) -> State:
    """Restores an archived tenant as suspended: opening it again is a separate decision."""
    if state is not State.ARCHIVED:
        raise Refused("TENANT_NOT_ARCHIVED", "The tenant is not deleted.")
    return State.SUSPENDED


def _protect(*, head_office: bool) -> None:
    if head_office:
        raise Refused("HEAD_OFFICE_PROTECTED", "The head office cannot be suspended or deleted.")

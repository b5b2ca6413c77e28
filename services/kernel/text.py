"""Checks of the strings in a request."""

from google.protobuf.message import Message


def clean(message: Message) -> None:
    """Refuses null bytes anywhere in a message: PostgreSQL cannot store them."""

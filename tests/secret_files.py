"""A secret that a test replaces, for what must notice it."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Replaceable(Generic[T]):
    """A `Secret` that holds whatever was last put into it."""

    def __init__(self, held: T) -> None:
        self.held = held

    def __call__(self) -> T:
        return self.held

    again = __call__

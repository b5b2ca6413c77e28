"""Medusa's pages: offset, limit and count."""

from collections.abc import Sequence

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from gateway import answers
from gateway.admin.shapes.scalars import Document


class Paging(BaseModel):
    """Which page; a query key that is not known is refused."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=200, description="How many at most.")
    offset: int = Field(0, ge=0, le=100_000, description="How many to pass over.")

    def page_of(self, plural: str, documents: Sequence[Document], *, count: int) -> Response:
        return answers.page(plural, documents, count=count, offset=self.offset, limit=self.limit)


class Ordered(Paging):
    order: str = Field(
        "", description="A field; a leading - means descending.", examples=["-created_at"]
    )


class Envelope(BaseModel):
    """What every page says besides its documents."""

    count: int = Field(description="How many there are on all pages together.")
    offset: int
    limit: int

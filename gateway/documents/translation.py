"""Translations in Medusa's shape."""

from typing import Annotated

from pydantic import Field
from souk.catalog_opt_in.v1 import product_pb2 as pb
from souk.catalog_opt_in.v1.catalog_service_pb2 import BatchChangeTranslationsRequest

from gateway.documents.scalars import CreatedAt, Etag, Id, NeverDeleted, UpdatedAt, reference
from gateway.medusa.shapes import Body, Document, From

LocaleCode = Annotated[str, From("locale"), Field(description="A BCP 47 tag.", examples=["ar"])]
Texts = Annotated[
    dict[str, str],
    From("texts"),
    Field(description="By field; what is missing is shown in the head office's language."),
]


class TranslationDocument(Document[pb.Translation]):
    """The texts of a product, or of what it shows, in another language."""

    id: Id
    reference_id: str
    reference: str = Field(description="What it is of.", examples=["product"])
    locale_code: LocaleCode
    translations: Texts
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted


class TranslationCreate(Body[pb.Translation]):
    """A translation to create."""

    reference_id: str = Field(description="The id of what is translated.")
    reference: str = Field("", description="Which kind that is, as its id says, too.")
    locale_code: LocaleCode
    translations: Texts


class TranslationUpdate(Body[pb.Translation]):
    """All texts of a translation, in place of those before."""

    id: Annotated[str, reference("name", to="translations")] = Field(
        description="The translation's id."
    )
    translations: Texts


class TranslationBatch(Body[BatchChangeTranslationsRequest]):
    """Rows that are all done, or none; each translation is in one of them."""

    create: Annotated[list[TranslationCreate], From("creates")] = Field([])
    update: Annotated[list[TranslationUpdate], From("updates")] = Field([])
    delete: Annotated[list[str], reference("deletes", to="translations")] = Field(
        [], description="The ids of translations."
    )

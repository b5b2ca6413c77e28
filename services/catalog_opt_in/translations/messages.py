"""Translations in the contract's form."""

from souk.catalog_opt_in.v1 import product_pb2 as pb

from services.catalog_opt_in.models import Translation
from services.catalog_opt_in.translations.kinds import KINDS
from services.kernel.call.times import message_of
from services.kernel.data import updates

TRANSLATION = "translations/{translation}"


def translation_message(row: Translation) -> pb.Translation:
    return pb.Translation(
        name=f"translations/{row.translation_id}",
        reference_id=row.reference_id,
        reference=KINDS[row.reference_id.partition("_")[0]].reference,
        locale=row.locale,
        texts=row.texts,
        etag=updates.etag(row.version),
        create_time=message_of(row.created_at),
        update_time=message_of(row.updated_at),
    )

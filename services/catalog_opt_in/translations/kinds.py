"""What can be translated: by the prefix of its id, which fields, and how long each may be."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from souk.catalog_opt_in.v1 import product_pb2 as pb

from services.catalog_opt_in.texts import problem
from services.kernel.call.limits import most_characters

_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: what Medusa calls it, and the most characters of each text of its."""

    reference: str
    fields: Mapping[str, int]

    def problems(self, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Finds what is wrong with translated texts."""
        if not texts:
            yield "texts", "must not be empty"
        for field, text in texts.items():
            most = self.fields.get(field)
            if most is None:
                yield f"texts.{field}", f"must be one of {', '.join(self.fields)}"
            elif len(text) > most:
                yield f"texts.{field}", f"must have at most {most} characters"
            elif wrong := problem(text, required=True, lines=field == "description"):
                yield f"texts.{field}", wrong


_VALUE = {"value": most_characters(pb.Tag, "value")}
_PRODUCT = ("title", "subtitle", "description", "material")
KINDS: Mapping[str, Kind] = {
    "prod": Kind("product", {field: most_characters(pb.Product, field) for field in _PRODUCT}),
    "variant": Kind(
        "product_variant",
        {field: most_characters(pb.Variant, field) for field in ("title", "material")},
    ),
    "opt": Kind("product_option", {"title": most_characters(pb.Option, "title")}),
    "optval": Kind("product_option_value", {"value": most_characters(pb.OptionValue, "value")}),
    "pcol": Kind("product_collection", {"title": most_characters(pb.Collection, "title")}),
    "pcat": Kind(
        "product_category",
        {
            "name": most_characters(pb.Category, "title"),
            "description": most_characters(pb.Category, "description"),
        },
    ),
    "ptag": Kind("product_tag", _VALUE),
    "ptyp": Kind("product_type", _VALUE),
}


def kind_of(reference_id: str) -> Kind | None:
    """Returns the kind of what has this id; None if there is none that is translated."""
    return KINDS.get(reference_id.partition("_")[0])


def prefix_of(reference: str) -> str | None:
    """Returns how the ids of a kind begin; None if there is no such kind."""
    return next((prefix for prefix, kind in KINDS.items() if kind.reference == reference), None)


def is_locale(tag: str) -> bool:
    """Returns whether it is a BCP 47 tag of a language, maybe a script, and maybe a region."""
    return _LOCALE.fullmatch(tag) is not None

"""What a product becomes by changes of some of its variants or options."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2

from services.catalog_opt_in.violations import Violations
from services.kernel.call.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    sentence,
)
from services.kernel.call.limits import most_entries
from services.kernel.data import updates

Request = Any
"""A ChangeVariantsRequest or a ChangeOptionsRequest."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of parts of one kind, variants or options, of the product `base`.

    `parts` are those that it is to have, by their places in the request; of one that stays as it
    is, by its place among the parts.
    """

    base: product_pb2.Product
    kind: str
    parts: dict[str, Any]

    def apply(self, etag: str) -> product_pb2.Product:
        """Returns what the product becomes.

        Raises:
            Aborted: ETAG_MISMATCH.
            InvalidArgument: MASK_INVALID.
        """
        requested = product_pb2.Product(etag=etag)
        getattr(requested, self.kind).extend(self.parts.values())
        return updates.apply(requested, FieldMask(paths=[self.kind]), to=self.base)

    @contextmanager
    def refused_in_terms_of_request(self) -> Iterator[None]:
        """Lets what is refused meanwhile name the parts as the request does.

        Raises:
            FailedPrecondition: OPTION_IN_USE, options with which variants would be wrong.
        """
        try:
            yield
        except (InvalidArgument, AlreadyExists) as refusal:
            found = refusal.violations
            if self.kind == "options":
                found = {path: text for path, text in found.items() if path.startswith("options")}
                if not found:
                    text = f"The product's variants are in the way: {refusal.message}"
                    raise FailedPrecondition("OPTION_IN_USE", text) from None
            found = {self._in_request(path): text for path, text in found.items()}
            message = sentence(found) if isinstance(refusal, InvalidArgument) else refusal.message
            raise type(refusal)(refusal.reason, message, found, **refusal.metadata) from None

    def _in_request(self, path: str) -> str:
        match = re.fullmatch(rf"{self.kind}\[(\d+)\](.*)", path)
        if match is None:
            return path
        row = list(self.parts)[int(match[1])]
        if row.startswith(self.kind):
            # What stays as it is can only be wrong beside what changes.
            rows = [place for place in self.parts if place.startswith("updates")]
            row = rows[0] if len(rows) == 1 else "updates"
        return f"{row}{match[2]}"


def of_variants(product: product_pb2.Product, request: pb.ChangeVariantsRequest) -> Changes:
    """Reads the changes of a product's variants.

    Raises:
        NotFound: VARIANT_NOT_FOUND.
        InvalidArgument: a variant is named twice.
        FailedPrecondition: PRODUCT_FULL.
    """
    return Changes(product, "variants", _parts("variant", product, request))


def of_options(product: product_pb2.Product, request: pb.ChangeOptionsRequest) -> Changes:
    """Reads the changes of a product's options; raises as `of_variants` does."""
    parts = _parts("option", product, request)
    base = product_pb2.Product()
    base.CopyFrom(product)
    for option in product.options:
        for variant in base.variants if option.id in request.deletes else ():
            variant.options.pop(option.title, None)
    return Changes(base, "options", parts)


def _parts(noun: str, product: product_pb2.Product, request: Request) -> dict[str, Any]:
    stored: Sequence[Any] = getattr(product, f"{noun}s")
    _refuse_unknown(noun, {part.id for part in stored}, request)
    changed = {part.id: place for place, part in enumerate(request.updates)}
    parts: dict[str, Any] = {}
    for part in stored:
        if part.id in changed:
            place = changed[part.id]
            parts[f"updates[{place}]"] = request.updates[place]
        elif part.id not in request.deletes:
            # Without anything to change, an update leaves it as it is.
            parts[f"{noun}s[{len(parts)}]"] = type(part)(id=part.id)
    for place, part in enumerate(request.creates):
        new = parts[f"creates[{place}]"] = type(part)()
        new.CopyFrom(part)
        new.ClearField("id")
    most = most_entries(product_pb2.Product, f"{noun}s")
    if len(parts) > most:
        raise FailedPrecondition("PRODUCT_FULL", f"A product has at most {most} {noun}s.")
    return parts


def _refuse_unknown(noun: str, stored_ids: set[str], request: Request) -> None:
    named = [(f"updates[{n}].id", part.id) for n, part in enumerate(request.updates)]
    named += [(f"deletes[{n}]", part_id) for n, part_id in enumerate(request.deletes)]
    violations, seen = Violations(), set[str]()
    for place, part_id in named:
        if part_id not in stored_ids:
            text = f"The product {request.parent} has no such {noun}: {part_id[:100]}."
            raise NotFound(f"{noun.upper()}_NOT_FOUND", text)
        if part_id in seen:
            violations.add(place, f"must be in one row only: this {noun} is in several")
        seen.add(part_id)
    violations.refuse()

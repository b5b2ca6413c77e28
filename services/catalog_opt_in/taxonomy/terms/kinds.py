"""What tells tags and product types apart; all else they have in common."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from souk.catalog_opt_in.v1 import product_pb2
from sqlalchemy.orm import InstrumentedAttribute

from services.catalog_opt_in.messages import PRODUCT_TYPE, TAG
from services.catalog_opt_in.models import Product, ProductTag, ProductType, Tag
from services.catalog_opt_in.products.resolved import ResolvedProduct
from services.catalog_opt_in.taxonomy.messages import tag_message, type_message

R = TypeVar("R", Tag, ProductType)
M = TypeVar("M", product_pb2.Tag, product_pb2.ProductType)


@dataclass(frozen=True, slots=True)
class Kind(Generic[R, M]):
    """One kind of term, whose rows are `row` with the ids `key`, shown as `message`."""

    noun: str
    row: type[R]
    key: InstrumentedAttribute[str]
    id_prefix: str
    pattern: str
    message: type[M]
    show: Callable[[R], M]
    of_products: InstrumentedAttribute[Any]
    """The column that says which products have a term."""
    without: Callable[[ResolvedProduct, str], ResolvedProduct]
    """Returns what a product is without a term, by its value."""

    @property
    def code(self) -> str:
        """What reasons of errors begin with: PRODUCT_TAG or PRODUCT_TYPE."""
        return self.noun.upper().replace(" ", "_")

    def id_of(self, row: R) -> str:
        return str(getattr(row, self.key.key))


def _without_tag(product: ResolvedProduct, value: str) -> ResolvedProduct:
    return replace(product, tags=tuple(tag for tag in product.tags if tag != value))


def _without_type(product: ResolvedProduct, _value: str) -> ResolvedProduct:
    return replace(product, type=None)


TAGS = Kind(
    noun="Product tag",
    row=Tag,
    key=Tag.tag_id,
    id_prefix="ptag",
    pattern=TAG,
    message=product_pb2.Tag,
    show=tag_message,
    of_products=ProductTag.tag_id,
    without=_without_tag,
)
TYPES = Kind(
    noun="Product type",
    row=ProductType,
    key=ProductType.type_id,
    id_prefix="ptyp",
    pattern=PRODUCT_TYPE,
    message=product_pb2.ProductType,
    show=type_message,
    of_products=Product.type_id,
    without=_without_type,
)

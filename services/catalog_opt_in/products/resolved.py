"""Products together with what they refer to."""

from dataclasses import dataclass, fields, replace

from services.catalog_opt_in import models
from services.catalog_opt_in.products.model import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """The rows that a product refers to, in its own order; for answers."""

    collection: models.Collection | None = None
    categories: tuple[models.Category, ...] = ()
    tags: tuple[models.Tag, ...] = ()
    type: models.ProductType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedProduct(Product):
    """A product that can be stored and shown; its `tags` and `type` are values."""

    related: Related


def with_related(product: Product, related: Related) -> ResolvedProduct:
    """Returns a product with what it refers to."""
    own = {field.name: getattr(product, field.name) for field in fields(Product)}
    own["tags"] = tuple(tag.value for tag in related.tags)
    own["type"] = related.type.value if related.type else None
    return ResolvedProduct(**own, related=related)


def is_same(product: ResolvedProduct, stored: ResolvedProduct) -> bool:
    """Returns whether a change changes nothing, such as one that gives a part no id but its own."""
    return replace(product, version=stored.version, updated_at=stored.updated_at) == stored

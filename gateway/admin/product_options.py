"""Options of the master catalogue's products: each is changed by itself."""

from fastapi import Request, Response
from pydantic import BaseModel
from souk.catalog_opt_in.v1.catalog_service_pb2 import ChangeOptionsRequest, GetProductRequest
from souk.catalog_opt_in.v1.product_pb2 import Option

from gateway.admin.product_variants import PRODUCT, DeletedOfProduct, ProductAnswer, ProductQuery
from gateway.clients import ClientsOf
from gateway.documents.product import OptionDocument, ProductDocument, beside_option
from gateway.documents.variant_bodies import OptionCreate, OptionUpdate
from gateway.identity.scopes import HeadOfficeScope
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id, Many, One, Text
from gateway.medusa.headers import IdempotencyKey, IfMatch
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, Resource
from gateway.medusa.router import Router
from services.kernel.call.errors import NotFound
from services.kernel.call.limits import MOST_ROWS, most_characters

OPTIONS = Resource(
    "product_option",
    "product_options",
    OptionDocument,
    Query(
        filters={
            "q": Text(most_characters(Option, "title")),
            "id": Many(MOST_ROWS, of=Id()),
            "title": One(most_characters(Option, "title")),
        }
    ),
)

router = Router(
    prefix="/admin/products/{product_id}/options",
    tags=["Catalogue"],
    responses=responses.ADMIN_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class OptionAnswer(BaseModel):
    product_option: OptionDocument


class OptionsAnswer(Envelope):
    product_options: list[OptionDocument]


@router.get(
    "",
    summary="List a product's options",
    responses=responses.documented(OptionsAnswer, "A page of options."),
    openapi_extra=OPTIONS.documented_list,
)
async def list_options_of_product(
    request: Request, _: HeadOfficeScope, clients: ClientsOf, product_id: str
) -> Response:
    """Lists the options of one product, in their order; `q` is a part of a title."""
    query = OPTIONS.list_query(request)
    product = await clients.catalogue.GetProduct(GetProductRequest(name=f"products/{product_id}"))
    found = [option for option in product.options if _is_asked_for(option, query)]
    page_of_options = found[query.offset : query.offset + query.limit]
    return OPTIONS.page(
        query,
        page_of_options,
        count=len(found),
        beside=lambda option: beside_option(option, product),
    )


@router.post(
    "",
    summary="Create an option",
    responses=responses.documented(ProductAnswer, "The product."),
    openapi_extra=PRODUCT.documented_one,
)
async def create_option(
    _: HeadOfficeScope,
    query: ProductQuery,
    clients: ClientsOf,
    product_id: str,
    key: IdempotencyKey,
    body: OptionCreate,
) -> Response:
    """Adds an option to a product. Its variants choose its value, if there is only one."""
    product = await clients.catalogue.ChangeOptions(
        ChangeOptionsRequest(
            parent=f"products/{product_id}", creates=[body.to_message()], request_id=key
        )
    )
    return PRODUCT.one(query, product)


@router.get(
    "/{option_id}",
    summary="Get an option",
    responses=responses.documented(OptionAnswer, "The option."),
    openapi_extra=OPTIONS.documented_one,
)
async def get_option(
    request: Request, _: HeadOfficeScope, clients: ClientsOf, product_id: str, option_id: str
) -> Response:
    """Returns one option."""
    query = OPTIONS.one_query(request)
    name = f"products/{product_id}"
    product = await clients.catalogue.GetProduct(GetProductRequest(name=name))
    for option in product.options:
        if option.id == option_id:
            return OPTIONS.one(query, option, **beside_option(option, product))
    raise NotFound("OPTION_NOT_FOUND", f"The product {name} has no such option: {option_id[:100]}.")


@router.post(
    "/{option_id}",
    summary="Update an option",
    responses=responses.documented(ProductAnswer, "The product."),
    openapi_extra=PRODUCT.documented_one,
)
async def update_option(
    _: HeadOfficeScope,
    query: ProductQuery,
    clients: ClientsOf,
    product_id: str,
    option_id: str,
    etag: IfMatch,
    body: OptionUpdate,
) -> Response:
    """Updates the fields in the body; variants keep what they chose. If-Match: the product's."""
    product = await clients.catalogue.ChangeOptions(
        ChangeOptionsRequest(
            parent=f"products/{product_id}", updates=[body.to_message(id=option_id)], etag=etag
        )
    )
    return PRODUCT.one(query, product)


@router.delete(
    "/{option_id}",
    summary="Delete an option",
    responses=responses.documented(DeletedOfProduct, "The option is deleted."),
)
async def delete_option(
    _: HeadOfficeScope, clients: ClientsOf, product_id: str, option_id: str, etag: IfMatch
) -> Response:
    """Deletes an option, unless two variants would then choose the same.

    If-Match is about the product.
    """
    product = await clients.catalogue.ChangeOptions(
        ChangeOptionsRequest(parent=f"products/{product_id}", deletes=[option_id], etag=etag)
    )
    return responses.deleted("product_option", option_id, parent=ProductDocument.to_json(product))


def _is_asked_for(option: Option, query: ParsedQuery) -> bool:
    ids, title = query.many("id"), query.one("title")
    return (
        query.one("q").casefold() in option.title.casefold()
        and (not ids or option.id in ids)
        and (not title or option.title == title)
    )

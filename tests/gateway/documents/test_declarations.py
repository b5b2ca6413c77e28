"""Every declared document and body, found and not listed, fits the contract and its schema."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from google.api import field_behavior_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from gateway.documents.api_key import ApiKeyUpdate
from gateway.documents.campaign import BudgetCreate, BudgetUpdate
from gateway.documents.customer import CustomerPasswordForgotten
from gateway.documents.inventory import InventoryLevelCreate, InventoryLevelUpdate
from gateway.documents.order import TransferAsked
from gateway.documents.price_list import ListPriceCreate
from gateway.documents.promotion import (
    MethodCreate,
    MethodUpdate,
    PromotionRuleBatch,
    PromotionRuleCreate,
)
from gateway.documents.sales_channel import ChannelProducts, SalesChannelUpdate
from gateway.documents.shipping_zones import FulfillmentSetCreate
from gateway.documents.store import StoreUpdate
from gateway.documents.tax import DefaultTaxRate
from gateway.documents.variant_bodies import OptionCreate, OptionUpdate, VariantUpdate
from gateway.medusa import paths
from gateway.medusa.shapes import message_type
from tests.gateway.documents.declared import BODIES, DOCUMENTS
from tests.isolation.bodies import sample
from tests.schemas import resolves, validator

# Values that are more than any text or number: JSON, codes, a part of a price.
VALUES = {
    "before": "[1]",
    "after": '"x"',
    "percent": "19.6",
    "value": "10",
    "budget_limit": "10",
    "budget_used": "0",
    "currency_code": "EUR",
    "nanos": 500_000_000,
}
# They address the resource: routes take them from the path and from headers.
ADDRESS = {"name", "parent", "etag", "request_id", "update_mask", "skip_done", "registration"}
# They set a part of a message; with the rest, which their masks leave out or their routes know,
# nothing can be wrong.
PARTIAL = {
    TransferAsked,
    ApiKeyUpdate,
    BudgetCreate,
    BudgetUpdate,
    MethodCreate,
    MethodUpdate,
    PromotionRuleBatch,
    PromotionRuleCreate,
    ChannelProducts,
    DefaultTaxRate,
    FulfillmentSetCreate,
    CustomerPasswordForgotten,
    InventoryLevelCreate,
    InventoryLevelUpdate,
    ListPriceCreate,
    OptionCreate,
    OptionUpdate,
    SalesChannelUpdate,
    StoreUpdate,
    VariantUpdate,
}

# What no update can change.
FIXED = {
    field_behavior_pb2.OUTPUT_ONLY,
    field_behavior_pb2.IDENTIFIER,
    field_behavior_pb2.IMMUTABLE,
}


def behaviour(field: Any) -> set[int]:
    return {*field.GetOptions().Extensions[field_behavior_pb2.field_behavior]}


def filled(message: Message, around: frozenset[str] = frozenset()) -> Any:
    """Sets every field of a message, and of those in it, but for messages within themselves."""
    around |= {message.DESCRIPTOR.full_name}
    for field in message.DESCRIPTOR.fields:
        if field.message_type and field.message_type.full_name in around:
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            getattr(message, field.name)["key"] = "value"
        elif field.is_repeated and field.message_type:
            filled(getattr(message, field.name).add(), around)
        elif field.is_repeated:
            getattr(message, field.name).append(one(field))
        elif field.message_type and field.message_type.full_name.startswith("google.protobuf."):
            getattr(message, field.name).SetInParent()
        elif field.message_type:
            filled(getattr(message, field.name), around)
        else:
            setattr(message, field.name, one(field))
    return message


def one(field: Any) -> object:
    if field.enum_type:
        return field.enum_type.values[1].number
    kinds: dict[int, object] = {FieldDescriptor.TYPE_BYTES: b"x", FieldDescriptor.TYPE_BOOL: True}
    kinds[FieldDescriptor.TYPE_STRING] = "tenants/paris/things/x-1"
    return VALUES.get(field.name, kinds.get(field.type, 1))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_is_what_its_schema_says_and_nothing_else(document):
    schema = document.model_json_schema(mode="serialization", ref_template="#/components/{model}")
    components = schema.pop("$defs", {})
    if "$ref" in schema:  # of a document that may contain itself
        schema = components[document.__name__]
    beside = {
        field.key: sample(schema["properties"][field.key], {"schemas": components})
        for field in document.declared
        if not field.is_in_message
    }

    rendered = document.to_json(filled(message_type(document)()), **beside)

    assert list(rendered) == [field.key for field in document.declared]
    validator(schema, components).validate(orjson.loads(orjson.dumps(rendered)))


def settable(kind: Any, path: paths.Path = ()) -> Iterator[paths.Path]:
    """Yields every place of a message that a client could get wrong."""
    for field in kind.fields:
        if field.name in ADDRESS or behaviour(field) & FIXED:
            continue
        here = (*path, field.name)
        yield here
        if field.is_repeated and not (field.message_type and is_map(field)):
            here = (*here, 0)
            yield here
        if field.message_type and not field.message_type.full_name.startswith("google.protobuf."):
            yield from settable(field.message_type, here) if not is_map(field) else [(*here, "k")]


def is_map(field: Any) -> bool:
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


@pytest.mark.parametrize("body", BODIES)
def test_every_path_in_a_message_maps_to_a_key_of_its_body(body):
    kind = message_type(body)
    if not issubclass(kind, Message):
        assert body.path_of(()) in [(name,) for name in body.model_fields]
        return
    schema = body.model_json_schema()
    components = {"schemas": schema.pop("$defs", {})}

    for path in settable(kind.DESCRIPTOR):
        found = body.path_of(path)
        if found is None and body in PARTIAL:
            continue
        assert found is not None, paths.write(path)
        assert resolves(found, schema, components), paths.write(path)

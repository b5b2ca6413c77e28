"""The audit events of acts on products."""

from google.protobuf.field_mask_pb2 import FieldMask
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2 as products

from tests.catalog_opt_in.builders import id_of, unique


async def test_an_event_names_what_a_product_refers_to_and_repeats_nothing_of_it(
    create, change, catalogue, opt_in, events, tenants
):
    collection = await catalogue().CreateCollection(
        pb.CreateCollectionRequest(collection=products.Collection(title=unique("Winter")))
    )
    product = await create(
        tags=[unique("vegan")], type=unique("powder"), collection=collection.name
    )
    for tenant in tenants:
        await opt_in(tenant, product)
    product = await change(products.Product(name=product.name, tags=[unique("raw")]), "tags")
    row = pb.ProductChange(
        product=products.Product(name=product.name, type=unique("bar")),
        update_mask=FieldMask(paths=["type"]),
    )
    await catalogue().BatchChangeProducts(pb.BatchChangeProductsRequest(updates=[row]))

    found = await events("hq", at_least=3, resource=product.name)

    fields = [{change.field for change in event.changes} for event in found]
    assert {"tags", "type", "collection", "title"} <= fields[0]
    assert fields[1:] == [{"tags"}, {"type"}]
    assert not [name for event in fields for name in event if "detail" in name]
    for tenant in tenants:
        assert {event.resource for event in await events(tenant, at_least=1)} == {
            f"tenants/{tenant}/listings/{id_of(product)}"
        }

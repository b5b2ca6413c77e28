"""In which channels products are sold, as their documents tell it."""

from souk.tenant_registry.v1.tenant_pb2 import Tenant

from gateway.admin.product_channels import channel_documents


def test_a_channel_of_many_products_has_one_document():
    paris, lyon = (Tenant(name=f"tenants/{name}", display_name=name) for name in ("paris", "lyon"))

    documents = channel_documents({"products/a": [paris, lyon], "products/b": [lyon, paris]})

    assert [one["id"] for one in documents["products/a"]] == ["sc_paris", "sc_lyon"]
    assert documents["products/a"][0] is documents["products/b"][1]
    assert documents["products/a"][1] is documents["products/b"][0]

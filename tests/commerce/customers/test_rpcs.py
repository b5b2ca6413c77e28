"""StoreCustomerService as the gateway calls it: whoever is named, the caller finds themselves."""

import pytest
from souk.commerce.v1 import customer_pb2
from souk.commerce.v1 import store_customer_service_pb2 as pb
from souk.commerce.v1.store_customer_service_pb2_grpc import StoreCustomerServiceStub

from services.kernel.call.errors import NotFound, Unauthenticated


def stub(scoped_stub, tenant, actor, session=""):
    return scoped_stub(
        StoreCustomerServiceStub,
        "commerce",
        tenant=tenant,
        actor=actor,
        permissions=["customer:own"],
        session=session,
    )


async def test_a_customer_is_found_by_themselves_alone(scoped_stub, logged_in):
    ids = {tenant: [await logged_in(tenant) for _ in range(2)] for tenant in ("paris", "hq")}
    for tenant, ((own, session), (other, _)) in ids.items():
        [(foreign, _), _] = ids["hq" if tenant == "paris" else "paris"]
        mine = stub(scoped_stub, tenant, f"customers/{own}", session)
        name = f"tenants/{tenant}/customers/{own}"

        assert (await mine.GetOwnCustomer(pb.GetOwnCustomerRequest(name=name))).name == name
        for id_ in (other, foreign, "cus_unknown"):
            name = f"tenants/{tenant}/customers/{id_}"
            with pytest.raises(NotFound, match="No such customer"):
                await mine.GetOwnCustomer(pb.GetOwnCustomerRequest(name=name))
            changed = customer_pb2.Customer(name=name, first_name="X")
            with pytest.raises(NotFound, match="No such customer"):
                await mine.UpdateOwnCustomer(pb.UpdateOwnCustomerRequest(customer=changed))


@pytest.mark.parametrize("tenant", ["paris", "hq"])
async def test_no_customer_is_made_for_an_identity_that_is_not_there(scoped_stub, tenant):
    request = pb.CreateOwnCustomerRequest(parent=f"tenants/{tenant}")
    for actor in ("identities/authid_unknown", "shoppers/-", "admins/user_1"):
        with pytest.raises(Unauthenticated):
            await stub(scoped_stub, tenant, actor).CreateOwnCustomer(request)

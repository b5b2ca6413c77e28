"""Reads of orders in a shop that has had a thousand of them, and in one that has had a million.

Through the service, without the gateway: each line's floor is the same read of the small shop.
"""

import time
from typing import Any

import asyncpg
from souk.commerce.v1 import order_service_pb2, store_checkout_service_pb2, store_order_service_pb2
from souk.commerce.v1.order_service_pb2_grpc import OrderServiceStub
from souk.commerce.v1.store_checkout_service_pb2_grpc import StoreCheckoutServiceStub
from souk.commerce.v1.store_order_service_pb2_grpc import StoreOrderServiceStub

from tests import cluster
from tests.load import table
from tests.load.reads import Read, measured, print_line

SMALL, LARGE = 1_000, 1_000_000
CUSTOMER = "cus_of_twelve"
"""Has as many orders in both shops."""
_COUNTER = """
INSERT INTO order_counter SELECT tenant, $1 FROM unnest(ARRAY['paris', 'lyon']) tenant
ON CONFLICT (tenant_id) DO UPDATE SET last_display_id = excluded.last_display_id
"""
_OWN = 12
_BYTES = 1_500
_AT_ONCE = 50_000
_LOGGED_IN = f"""
INSERT INTO customer (tenant_id, customer_id, email, has_account, first_name, last_name,
  company_name, phone, version, create_time, update_time)
VALUES ('paris', '{CUSTOMER}', '', true, '', '', '', '', 1, now(), now());
INSERT INTO identity (tenant_id, identity_id, email, password_hash, customer_id, create_time,
  update_time) VALUES ('paris', '{CUSTOMER}', '', '', '{CUSTOMER}', now(), now());
INSERT INTO customer_session (tenant_id, session_id, identity_id, end_time)
VALUES ('paris', '{CUSTOMER}', '{CUSTOMER}', now() + interval '1 day');
"""
_INSERT = """
INSERT INTO customer_order (tenant_id, order_id, display_id, cart_id, customer_id, email,
  currency_code, total_minor, status, payment_status, fulfillment_status, content, document,
  create_time, update_time)
SELECT tenant, 'order_' || n, n, 'cart_' || n,
  CASE WHEN n <= $1 THEN $2 ELSE 'cus_' || n % 10000 END, n % 10000 || '@example.com', 'EUR', 2990,
  'pending', 'authorized', 'not_fulfilled', '{}', $3, now() - n * interval '1 second', now()
FROM generate_series($4::bigint, $5::bigint) n, unnest(ARRAY['paris', 'lyon']) tenant
"""


async def each_order_read() -> None:
    """Prints how long a customer's list and one order take in both shops."""
    async with (
        cluster.running() as made,
        made.serving("commerce") as calls,
        made.session("commerce") as superuser,
    ):
        await superuser.execute(_LOGGED_IN)
        own = calls.stub(
            StoreOrderServiceStub,
            "commerce",
            actor=f"customers/{CUSTOMER}",
            session=CUSTOMER,
            permissions=("customer:own",),
        )
        checkout = calls.stub(
            StoreCheckoutServiceStub,
            "commerce",
            actor=f"customers/{CUSTOMER}",
            session=CUSTOMER,
            permissions=("cart:read",),
        )
        staff = calls.stub(
            OrderServiceStub, "commerce", actor="admins/bench", permissions=("order:read",)
        )
        calls_to_measure = {
            "a customer's orders": (
                own.ListOwnOrders,
                store_order_service_pb2.ListOwnOrdersRequest(
                    parent=f"tenants/paris/customers/{CUSTOMER}", page_size=10
                ),
            ),
            "one order of a customer": (
                checkout.GetStoreOrder,
                store_checkout_service_pb2.GetStoreOrderRequest(
                    name="tenants/paris/orders/order_1"
                ),
            ),
            "a page of staff's": (staff.ListOrders, _staff_page()),
            "a page in the middle": (staff.ListOrders, _staff_page(skip=SMALL // 2)),
            "by status": (staff.ListOrders, _staff_page(statuses=["pending"])),
            "by a beginning of the e-mail address": (staff.ListOrders, _staff_page(query="77")),
            "by number": (staff.ListOrders, _staff_page(query="12")),
            "of one customer": (
                staff.ListOrders,
                _staff_page(customers=[f"tenants/paris/customers/{CUSTOMER}"]),
            ),
        }
        reads: dict[str, list[list[Read]]] = {name: [] for name in calls_to_measure}
        count = 0
        for orders in (SMALL, LARGE):
            began = time.perf_counter()
            await _grow(superuser, count, orders)
            count = orders
            print(f"\n{orders} orders in each of two shops: {time.perf_counter() - began:.0f} s")
            for name, (call, request) in calls_to_measure.items():
                reads[name].append(await measured(superuser, "commerce", call, request))
    table.head(f"A shop of {LARGE} orders, by one of {SMALL}")
    for name, (small, large) in reads.items():
        print_line(name, small, large)


def _staff_page(**fields: Any) -> order_service_pb2.ListOrdersRequest:
    return order_service_pb2.ListOrdersRequest(parent="tenants/paris", page_size=20, **fields)


async def _grow(superuser: asyncpg.Connection, count: int, orders: int) -> None:
    document = b'{"id": "%s"}' % (b"x" * _BYTES)
    for first in range(count + 1, orders + 1, _AT_ONCE):
        last = min(first + _AT_ONCE - 1, orders)
        await superuser.execute(_INSERT, _OWN, CUSTOMER, document, first, last)
    await superuser.execute(_COUNTER, orders)
    await superuser.execute("VACUUM ANALYZE customer_order")

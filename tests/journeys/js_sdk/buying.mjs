// A guest buys in two shops at the same time, with the same e-mail address, and neither sees the other.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { closeShop, has, makeProduct, openShop, refused, staff } from "./clients.mjs"

const email = "zoe@example.com"
const address = {
  ...{ first_name: "Zoé", last_name: "Martin", company: "", address_1: "1 rue de la Paix", address_2: "" },
  ...{ city: "Lyon", postal_code: "69001", province: "", country_code: "fr", phone: "" },
}
let sdk, shops, product

before(async () => {
  sdk = await staff()
  shops = [await openShop(sdk, "Paris"), await openShop(sdk, "Lyon")]
  product = await makeProduct(sdk)
  for (const shop of shops) await sdk.admin.salesChannel.batchProducts(shop.channel, { add: [product.id] })
})

after(async () => {
  for (const shop of shops) await closeShop(sdk, shop)
})

/** Goes from nothing to an order, as Medusa's storefront does. */
async function buy({ store, id }) {
  const { regions } = await store.region.list()
  const { cart } = await store.cart.create({ region_id: regions[0].id })
  const [variant] = product.variants
  const { cart: filled } = await store.cart.createLineItem(cart.id, { variant_id: variant.id, quantity: 1 })
  has(filled.items[0], { variant_id: variant.id, quantity: 1, unit_price: 19.9 })
  const more = await store.cart.updateLineItem(cart.id, filled.items[0].id, { quantity: 2 })
  assert.equal(more.cart.total, 39.8)
  await store.cart.update(cart.id, { email, shipping_address: address, billing_address: address })
  const { cart: ready } = await store.cart.retrieve(cart.id, {
    fields: "*items, *region, *items.product, *items.variant, *items.thumbnail, +items.total, *promotions",
  })
  await store.payment.initiatePaymentSession(ready, { provider_id: "pp_system_default" })
  const { type, order } = await store.cart.complete(cart.id)
  assert.equal(type, "order")
  const { order: read } = await store.order.retrieve(order.id, {
    fields: "*payment_collections.payments,*items,*items.metadata,*items.variant,*items.product",
  })
  has(read, { id: order.id, display_id: 1, total: 39.8, email, payment_status: "authorized" })
  assert.equal(read.payment_collections[0].payments[0].provider_id, "pp_system_default")
  assert.equal(read.sales_channel_id, `sc_${id}`)
  return { cart, order }
}

test("a guest buys in both shops, and each shop knows only its own", async () => {
  const bought = await Promise.all(shops.map(buy))

  for (const [place, { store }] of shops.entries()) {
    const other = bought[1 - place]
    await refused(store.cart.retrieve(other.cart.id), 404)
    await refused(store.order.retrieve(other.order.id), 404)
    await refused(store.cart.complete(other.cart.id), 404)
  }
})

test("a line goes, and what it was in comes back with it", async () => {
  for (const { store } of shops) {
    const items = [{ variant_id: product.variants[0].id, quantity: 1 }]
    const { cart } = await store.cart.create({ items })
    const { deleted, parent } = await store.cart.deleteLineItem(cart.id, cart.items[0].id)
    assert.equal(deleted, true)
    assert.deepEqual(parent.items, [])
    await refused(store.cart.complete(cart.id), 400, /empty/)
  }
})

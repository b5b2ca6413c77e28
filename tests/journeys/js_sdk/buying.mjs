// A guest buys in two shops at the same time, with the same e-mail address, and neither sees the other.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { closeShop, has, makeProduct, openShop, refused, staff, stock } from "./clients.mjs"

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
  for (const shop of shops) {
    await sdk.admin.salesChannel.batchProducts(shop.channel, { add: [product.id] })
    await stock(sdk, shop, product, 100)
  }
})

/** Sets up how a shop ships: to France, by post, and by a courier whose price depends on the weight. */
async function setUpShipping({ here }) {
  const { shipping_profile } = await sdk.admin.shippingProfile.create({ name: "Default", type: "default" }, {}, here)
  const body = { name: "Post", type: "shipping" }
  const made = await sdk.client.fetch("/admin/fulfillment-sets", { method: "POST", body, headers: here })
  const id = made.fulfillment_set.id
  const france = { name: "France", geo_zones: [{ type: "country", country_code: "fr" }] }
  const { fulfillment_set } = await sdk.admin.fulfillmentSet.createServiceZone(id, france, {}, here)
  const [zone] = fulfillment_set.service_zones
  const option = {
    ...{ service_zone_id: zone.id, shipping_profile_id: shipping_profile.id, provider_id: "manual_manual" },
    type: { label: "Post", description: "Three days", code: "post" },
    rules: [
      { attribute: "enabled_in_store", operator: "eq", value: "true" },
      { attribute: "is_return", operator: "eq", value: "false" },
    ],
  }
  const prices = [{ currency_code: "eur", amount: 4.5 }]
  const post = { ...option, name: "Post", price_type: "flat", prices }
  await sdk.admin.shippingOption.create(post, {}, here)
  const heavy = [{ attribute: "weight", operator: "gt", value: 1000 }]
  const byWeight = [...prices, { currency_code: "eur", amount: 12, rules: heavy }]
  const courier = { ...option, name: "Courier", price_type: "calculated", prices: byWeight }
  await sdk.admin.shippingOption.create(courier, {}, here)
  const { shipping_options, count } = await sdk.admin.shippingOption.list({ service_zone_id: zone.id }, here)
  assert.equal(count, 2)
  assert.deepEqual(shipping_options.map(one => one.name), ["Post", "Courier"])
}

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
  const { shipping_options } = await store.fulfillment.listCartOptions({ cart_id: cart.id })
  assert.deepEqual(shipping_options.map(option => option.amount), [4.5, null])
  const courier = shipping_options.find(option => option.price_type === "calculated")
  const calculated = await store.fulfillment.calculate(courier.id, { cart_id: cart.id })
  assert.equal(calculated.shipping_option.amount, 4.5)
  const body = { option_id: shipping_options[0].id }
  const { cart: shipped } = await store.cart.addShippingMethod(cart.id, body)
  has(shipped.shipping_methods[0], { name: "Post", amount: 4.5, shipping_option_id: body.option_id })
  has(shipped, { item_total: 39.8, shipping_total: 4.5, total: 44.3 })
  const { cart: ready } = await store.cart.retrieve(cart.id, {
    fields: "*items, *region, *items.product, *items.variant, *items.thumbnail, +items.total, *promotions",
  })
  await store.payment.initiatePaymentSession(ready, { provider_id: "pp_system_default" })
  const { type, order } = await store.cart.complete(cart.id)
  assert.equal(type, "order")
  const { order: read } = await store.order.retrieve(order.id, {
    fields: "*payment_collections.payments,*items,*items.metadata,*items.variant,*items.product",
  })
  has(read, { id: order.id, display_id: 1, total: 44.3, email, payment_status: "authorized" })
  assert.equal(read.payment_collections[0].payments[0].provider_id, "pp_system_default")
  assert.equal(read.payment_collections[0].payments[0].amount, 44.3)
  has(read.shipping_methods[0], { name: "Post", total: 4.5 })
  assert.equal(read.sales_channel_id, `sc_${id}`)
  return { cart, order }
}

test("a guest buys in both shops, and each shop knows only its own", async () => {
  await Promise.all(shops.map(setUpShipping))
  const bought = await Promise.all(shops.map(buy))

  for (const [place, { store }] of shops.entries()) {
    const other = bought[1 - place]
    await refused(store.cart.retrieve(other.cart.id), 404)
    await refused(store.order.retrieve(other.order.id), 404)
    await refused(store.cart.complete(other.cart.id), 404)
  }
})

test("staff change how their shop ships, and what is in use stays", async () => {
  for (const { here, store } of shops) {
    const { shipping_options } = await sdk.admin.shippingOption.list({}, here)
    const { shipping_option } = await sdk.admin.shippingOption.retrieve(shipping_options[0].id, {}, here)
    const { id, service_zone_id: zone, shipping_profile_id: profile } = shipping_option
    await sdk.admin.shippingOption.update(id, { name: "Letter" }, {}, here)
    const limit = { attribute: "item_total", operator: "lt", value: 20 }
    const { created } = await sdk.admin.shippingOption.updateRules(id, { create: [limit] }, here)
    assert.equal(created[0].value, "20")
    const items = [{ variant_id: product.variants[0].id, quantity: 1 }]
    const { cart } = await store.cart.create({ items })
    const names = async () => {
      const options = await store.fulfillment.listCartOptions({ cart_id: cart.id })
      return options.shipping_options.map(option => option.name)
    }
    assert.deepEqual(await names(), ["Letter", "Courier"])
    await store.cart.createLineItem(cart.id, items[0])
    assert.deepEqual(await names(), ["Courier"])

    const { fulfillment_sets } = await sdk.client.fetch("/admin/fulfillment-sets", { headers: here })
    const set = fulfillment_sets[0].id
    const { service_zone } = await sdk.admin.fulfillmentSet.retrieveServiceZone(set, zone, {}, here)
    assert.equal(service_zone.geo_zones[0].country_code, "fr")
    await sdk.admin.fulfillmentSet.updateServiceZone(set, zone, { name: "Métropole" }, {}, here)
    await refused(sdk.admin.fulfillmentSet.deleteServiceZone(set, zone, here), 400)
    await refused(sdk.admin.fulfillmentSet.delete(set, here), 400)
    await refused(sdk.admin.shippingProfile.delete(profile, here), 400)
    for (const option of shipping_options) await sdk.admin.shippingOption.delete(option.id, here)
    await sdk.admin.fulfillmentSet.deleteServiceZone(set, zone, here)
    await sdk.admin.fulfillmentSet.delete(set, here)
    await sdk.admin.shippingProfile.update(profile, { name: "All" }, {}, here)
    const { shipping_profiles } = await sdk.admin.shippingProfile.list({ name: "All" }, here)
    assert.equal(shipping_profiles[0].id, profile)
    await sdk.admin.shippingProfile.delete(profile, here)
    await refused(sdk.admin.shippingProfile.retrieve(profile, {}, here), 404)
  }
})

test("a code means in each shop what its staff set up, until it is removed or an order has it", async () => {
  for (const [place, { store, here }] of shops.entries()) {
    const value = [50, 25][place]
    const budget = { type: "usage", limit: 1 }
    const named = { name: "Spring", campaign_identifier: "spring", budget }
    const { campaign } = await sdk.admin.campaign.create(named, here)
    const method = { type: "percentage", target_type: "order", value }
    const body = { code: "SPRING", type: "standard", status: "active", application_method: method }
    const { promotion } = await sdk.admin.promotion.create(body, here)
    await sdk.admin.campaign.batchPromotions(campaign.id, { add: [promotion.id] }, here)
    const rule = { attribute: "currency_code", operator: "eq", values: ["eur"] }
    const { created } = await sdk.admin.promotion.addRules(promotion.id, "rules", { rules: [rule] }, here)
    assert.equal(created[0].attribute, "currency_code")

    const items = [{ variant_id: product.variants[0].id, quantity: 2 }]
    const { cart } = await store.cart.create({ items, email, shipping_address: address })
    await refused(store.cart.addPromotions(cart.id, { promo_codes: ["SUMMER"] }), 400, /SUMMER|summer/)
    const { cart: given } = await store.cart.addPromotions(cart.id, { promo_codes: [" spring"] })
    const total = [19.9, 29.85][place]
    has(given, { total, discount_total: Number((39.8 - total).toFixed(2)) })
    has(given.promotions[0], { id: promotion.id, code: "SPRING", is_automatic: false })
    has(given.promotions[0].application_method, { type: "percentage", value })
    const { cart: without } = await store.cart.removePromotions(cart.id, { promo_codes: ["SPRING"] })
    has(without, { total: 39.8, promotions: [] })

    const { cart: again } = await store.cart.update(cart.id, { promo_codes: ["SPRING"] })
    await store.payment.initiatePaymentSession(again, { provider_id: "pp_system_default" })
    const { order } = await store.cart.complete(cart.id)
    has(order, { total })
    assert.equal(order.promotions[0].code, "SPRING")
    const { cart: late } = await store.cart.create({ items, promo_codes: ["SPRING"] })
    has(late, { total: 39.8, promotions: [] })
    const { promotion: used } = await sdk.admin.promotion.retrieve(promotion.id, {}, here)
    has(used, { used: 1, campaign_id: campaign.id })
    await sdk.admin.promotion.update(promotion.id, { status: "inactive" }, here)
    await sdk.admin.promotion.delete(promotion.id, here)
  }
})

test("a sale is shown beside the price, and a cart costs what the shop shows", async () => {
  const [variant] = product.variants
  for (const [place, { store, here }] of shops.entries()) {
    const price = { variant_id: variant.id, currency_code: "eur", amount: [15, 12.5][place] }
    const body = { title: "Soldes", description: "", status: "active", prices: [price] }
    const { price_list: made } = await sdk.admin.priceList.create(body, {}, here)
    has(made, { title: "Soldes", type: "sale", in_force: true, rules: {} })

    const { product: shown } = await store.product.retrieve(product.id, { fields: "*variants.calculated_price" })
    const { calculated_price: cost } = shown.variants.find(one => one.id === variant.id)
    has(cost, { calculated_amount: price.amount, original_amount: 19.9, is_calculated_price_price_list: true })
    has(cost.calculated_price, { price_list_id: made.id, price_list_type: "sale" })
    const items = [{ variant_id: variant.id, quantity: 2 }]
    const { cart } = await store.cart.create({ items })
    has(cart.items[0], { unit_price: price.amount, compare_at_unit_price: 19.9 })

    const cheap = { ...price, amount: 10, min_quantity: 3 }
    const { created } = await sdk.admin.priceList.batchPrices(made.id, { create: [cheap] }, {}, here)
    const { cart: more } = await store.cart.updateLineItem(cart.id, cart.items[0].id, { quantity: 3 })
    assert.equal(more.items[0].unit_price, 10)
    const rows = { update: [{ id: created[0].id, variant_id: variant.id, amount: 11 }], delete: [made.prices[0].id] }
    const changed = await sdk.admin.priceList.batchPrices(made.id, rows, {}, here)
    has(changed.updated[0], { amount: 11, min_quantity: 3 })
    assert.deepEqual(changed.deleted, { ids: [made.prices[0].id], object: "price", deleted: true })
    const ended = { ends_at: "2026-01-01T00:00:00.000Z" }
    const { price_list: over } = await sdk.admin.priceList.update(made.id, ended, {}, here)
    has(over, { in_force: false, ...ended })
    const { cart: dear } = await store.cart.updateLineItem(cart.id, cart.items[0].id, { quantity: 4 })
    has(dear.items[0], { unit_price: 19.9, compare_at_unit_price: null })
    const { price_list: empty } = await sdk.admin.priceList.linkProducts(made.id, { remove: [product.id] }, {}, here)
    assert.deepEqual(empty.prices, [])
    const { price_lists } = await sdk.admin.priceList.list({ status: ["active"] }, here)
    assert.deepEqual(price_lists.map(one => one.id), [made.id])
    await refused(sdk.admin.priceList.retrieve(made.id, {}, shops[1 - place].here), 404)
    await sdk.admin.priceList.delete(made.id, here)
    await refused(sdk.admin.priceList.retrieve(made.id, {}, here), 404)
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

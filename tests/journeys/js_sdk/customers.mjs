// A shopper has an account with the same e-mail address in two shops, buys, and finds the order again.
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { after, before, test } from "node:test"
import { setTimeout } from "node:timers/promises"
import Medusa from "@medusajs/js-sdk"
import { browse, closeShop, has, ids, makeProduct, openShop } from "./clients.mjs"
import { refused, staff, stock, url, visitor, word } from "./clients.mjs"

const email = `${word()}@example.com`
const password = "correct-horse-battery-staple"
const home = {
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

after(async () => {
  for (const shop of shops) await closeShop(sdk, shop)
})

/** Logs in anew, as from another device. */
async function logIn(shop, known = password) {
  const client = visitor(shop.key.token)
  await client.auth.login("customer", "emailpass", { email, password: known })
  return client
}

/** Signs up as Medusa's storefront does: an identity, then its customer. */
async function signUp(shop) {
  const { auth, store } = visitor(shop.key.token)
  await auth.register("customer", "emailpass", { email, password })
  await refused(store.customer.retrieve(), 401)
  const { customer } = await store.customer.create({ email, first_name: "Zoé" })
  has(customer, { email, first_name: "Zoé", has_account: true })
  return customer
}

/** Fills a cart as a guest, logs in, takes it over and buys. */
async function buy(shop) {
  const items = [{ variant_id: product.variants[0].id, quantity: 1 }]
  const { cart } = await shop.store.cart.create({ items })
  const { store } = await logIn(shop)
  const { cart: own } = await store.cart.transferCart(cart.id)
  assert.equal(own.email, email)
  await refused(shop.store.cart.retrieve(cart.id), 404)
  await store.cart.update(cart.id, { shipping_address: home, billing_address: home })
  await store.payment.initiatePaymentSession(own, { provider_id: "pp_system_default" })
  const { order } = await store.cart.complete(cart.id)
  return order
}

test("a shopper buys in both shops, logs in again and finds each order where it was placed", async () => {
  const customers = await Promise.all(shops.map(signUp))
  assert.notEqual(customers[0].id, customers[1].id)
  const orders = await Promise.all(shops.map(buy))

  for (const [place, shop] of shops.entries()) {
    const { auth, store } = await logIn(shop)
    await auth.refresh()
    const found = await store.order.list({
      limit: 10,
      offset: 0,
      order: "-created_at",
      fields: "*items,+items.metadata,*items.variant,*items.product",
    })
    assert.deepEqual(ids(found.orders), [orders[place].id])
    assert.equal(found.count, 1)
    has((await store.order.retrieve(orders[place].id)).order, { customer_id: customers[place].id })
    await refused(store.order.retrieve(orders[1 - place].id), 404)
    await refused(shop.store.order.retrieve(orders[place].id), 404)
  }
})

test("a shopper keeps addresses", async () => {
  for (const shop of shops) {
    const { store } = await logIn(shop)
    const { customer } = await store.customer.createAddress({ ...home, is_default_shipping: true })
    const [first] = customer.addresses
    has(first, { city: "Lyon", country_code: "fr", is_default_shipping: true, is_default_billing: false })
    await store.customer.updateAddress(first.id, { city: "Tunis", country_code: "tn" })
    has((await store.customer.retrieveAddress(first.id)).address, { city: "Tunis", first_name: "Zoé" })
    assert.equal((await store.customer.listAddress()).count, 1)
    const { deleted, parent } = await store.customer.deleteAddress(first.id)
    assert.equal(deleted, true)
    assert.deepEqual(parent.addresses, [])
  }
})

test("a browser keeps a shopper's session in a cookie, for one of two shops at its host", async t => {
  const jar = browse(t)
  const [here, there] = shops
  const page = new Medusa({ baseUrl: url, publishableKey: here.key.token, auth: { type: "session" } })

  await page.auth.login("customer", "emailpass", { email, password })
  assert.equal(jar.size, 1)
  has((await page.store.customer.retrieve()).customer, { email })
  has((await page.store.cart.create({})).cart, { email })
  await refused(there.store.customer.retrieve(), 401)
  has((await there.store.cart.create({})).cart, { customer_id: null })
  await page.auth.logout()
  assert.equal(jar.size, 0)
  await refused(page.store.customer.retrieve(), 401)
})

/** Waits for the only token that was mailed to the shopper. */
async function mailedToken() {
  const folder = process.env.SOUK_MAIL
  for (;;) {
    for (const name of readdirSync(folder).filter(name => name.endsWith(".eml"))) {
      const mail = readFileSync(`${folder}/${name}`, "utf8")
      const [token] = mail.replace(/=\r?\n/g, "").match(/souk_passwordreset_[\w-]{43}/) ?? []
      if (mail.includes(email) && token) return token
    }
    await setTimeout(20)
  }
}

test("a forgotten password is set anew in one shop", { timeout: 20_000 }, async () => {
  const [here, there] = shops, newer = "a longer password of one's own"
  const { auth } = visitor(here.key.token)
  await auth.resetPassword("customer", "emailpass", { identifier: email })
  await auth.updateProvider("customer", "emailpass", { password: newer }, await mailedToken())

  await refused(logIn(here), 401)
  await logIn(here, newer)
  await logIn(there)
})

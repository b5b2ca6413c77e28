// Medusa's client for staff and for shoppers, and shops of a test's own.
import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import Medusa from "@medusajs/js-sdk"

const { SOUK_URL: url, SOUK_EMAIL: email, SOUK_PASSWORD: password } = process.env

export { url }
export const word = () => `w${randomUUID().slice(0, 8)}`

// The class that browsers have; js-sdk asks whether uploads are of it.
globalThis.FileList ??= class FileList {}

/** Logs in, as the first admin unless told otherwise. */
export async function staff(login = { email, password }) {
  const sdk = new Medusa({ baseUrl: url, auth: { type: "jwt", jwtTokenStorageMethod: "memory" } })
  await sdk.auth.login("user", "emailpass", login)
  return sdk
}

/** A storefront of the shop that a publishable key names. */
export const storefront = (publishableKey, locale = "") =>
  new Medusa({ baseUrl: url, publishableKey, globalHeaders: { "x-medusa-locale": locale } }).store

/** A client of the shop that a publishable key names, for somebody who logs in there. */
export const visitor = publishableKey =>
  new Medusa({ baseUrl: url, publishableKey, auth: { type: "jwt", jwtTokenStorageMethod: "memory" } })

/** Expects a refusal: its status, and what its text says. */
export const refused = (promise, status, text = /./) =>
  assert.rejects(promise, error => {
    assert.equal(error.status, status, error.message)
    assert.match(error.message, text)
    return true
  })

/** Asserts that an object has these entries, and perhaps others. */
export function has(object, entries) {
  const found = Object.fromEntries(Object.keys(entries).map(key => [key, object[key]]))
  assert.deepEqual(found, entries)
}

export const ids = rows => rows.map(row => row.id)

/** Opens a shop that speaks French, English and Arabic; tells its ids, and its storefront. */
export async function openShop(sdk, name) {
  const id = word()
  const body = {
    id,
    display_name: name,
    country_code: "fr",
    currency_code: "eur",
    default_locale: "fr",
    supported_locales: ["fr", "en", "ar"],
  }
  await sdk.client.fetch("/admin/tenants", { method: "POST", body })
  await sdk.client.fetch(`/admin/tenants/${id}/activate`, { method: "POST" })
  const here = { "X-Tenant-ID": id }
  const key = { title: "Storefront", type: "publishable" }
  const { api_key } = await sdk.admin.apiKey.create(key, {}, here)
  const visit = locale => storefront(api_key.token, locale)
  return { id, channel: `sc_${id}`, here, key: api_key, store: visit(), visit }
}

/** Closes a shop for good. */
export const closeShop = (sdk, shop) => sdk.admin.salesChannel.delete(shop.channel)

/** Makes a published product of one size; the rest of its body may be given. */
export async function makeProduct(sdk, more = {}) {
  const body = {
    title: `Whey ${word()}`,
    status: "published",
    options: [{ title: "Size", values: ["500 g", "1 kg"] }],
    variants: [variant("500 g")],
    ...more,
  }
  return (await sdk.admin.product.create(body)).product
}

/** Gives a shop so many of each variant of a product. */
export async function stock(sdk, shop, product, stocked_quantity) {
  const create = product.variants.map(({ id }) => ({
    inventory_item_id: id.replace("variant_", "iitem_"),
    location_id: `sloc_${shop.id}`,
    stocked_quantity,
  }))
  await sdk.admin.inventoryItem.batchInventoryItemsLocationLevels({ create }, shop.here)
}

export const variant = (size, more = {}) => ({
  title: size,
  options: { Size: size },
  prices: [{ currency_code: "eur", amount: 19.9 }],
  ...more,
})

/** Makes fetch keep cookies and name its page, as browsers do for pages of localhost. */
export function browse(t) {
  const jar = new Map()
  const send = globalThis.fetch
  t.mock.method(globalThis, "fetch", async (input, init) => {
    const headers = new Headers(init.headers)
    headers.set("origin", url)
    if (jar.size) headers.set("cookie", [...jar].map(pair => pair.join("=")).join("; "))
    const answer = await send(input, { ...init, headers })
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value, rest] = cookie.match(/^([^=]+)=([^;]*)(.*)$/)
      if (value && !/max-age=0/i.test(rest)) jar.set(name, value)
      else jar.delete(name)
    }
    return answer
  })
  return jar
}

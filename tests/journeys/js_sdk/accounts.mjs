// Those who run shops: how they log in, whom they invite, what they set up.
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { after, before, test } from "node:test"
import Medusa from "@medusajs/js-sdk"
import { browse, closeShop, has, ids, openShop, refused, staff, storefront, url, word } from "./clients.mjs"

const { SOUK_EMAIL: email, SOUK_PASSWORD: password, SOUK_MAIL: mail } = process.env
let sdk, paris, lyon

before(async () => {
  sdk = await staff()
  paris = await openShop(sdk, "Paris")
  lyon = await openShop(sdk, "Lyon")
})

after(async () => {
  await closeShop(sdk, paris)
  await closeShop(sdk, lyon)
})

test("auth with tokens", async () => {
  const own = await staff()

  assert.equal((await own.admin.user.me()).user.email, email)
  const { token } = await own.auth.refresh()
  assert.equal(await own.client.getToken(), token)
  assert.equal((await own.admin.user.me()).user.email, email)
  await own.auth.logout()
  await refused(own.admin.user.me(), 401)
  await refused(staff({ email, password: word() }), 401)
})

test("auth with a session's cookie", async t => {
  const jar = browse(t)
  const own = new Medusa({ baseUrl: url, auth: { type: "session" } })

  await own.auth.login("user", "emailpass", { email, password })
  assert.equal(jar.size, 1)
  assert.equal((await own.admin.user.me()).user.email, email)
  const { store } = await own.admin.store.update(`store_${paris.id}`, { name: "Paris" }, {}, paris.here)
  assert.equal(store.name, "Paris")
  await own.auth.logout()
  assert.equal(jar.size, 0)
  await refused(own.admin.user.me(), 401)
})

test("invite, and user", async () => {
  const invited = `${word()}@paris.example`
  const body = { email: invited, role: "GlobalAdmin", reason: "a new colleague" }
  const { invite } = await sdk.admin.invite.create(body)
  assert.equal(invite.email, invited)
  assert.equal((await sdk.admin.invite.retrieve(invite.id)).invite.id, invite.id)
  const { invites, count } = await sdk.admin.invite.list({ q: invited, limit: 20 })
  assert.deepEqual([ids(invites), count], [[invite.id], 1])
  const resent = (await sdk.admin.invite.resend(invite.id)).invite

  const own = new Medusa({ baseUrl: url, auth: { type: "jwt", jwtTokenStorageMethod: "memory" } })
  const login = { email: invited, password: word() + word() }
  await own.auth.register("user", "emailpass", login)
  const name = { first_name: "Nour", last_name: "Ben Ali" }
  const accept = { invite_token: await mailed(invited, 2), email: invited, ...name }
  const accepted = (await own.admin.invite.accept(accept)).user
  has(accepted, { email: invited, ...name })
  await refused(sdk.admin.invite.retrieve(resent.id), 404)

  const nour = await staff(login)
  const { user } = await nour.admin.user.me()
  has(user, { id: accepted.id, email: invited })
  assert.deepEqual(ids((await sdk.admin.user.list({ email: invited })).users), [user.id])
  const changed = await sdk.admin.user.update(user.id, { first_name: "Nora" })
  assert.equal(changed.user.first_name, "Nora")
  assert.equal((await sdk.admin.user.retrieve(user.id)).user.first_name, "Nora")
  has(await sdk.admin.user.delete(user.id), { id: user.id, object: "user", deleted: true })
  await refused(nour.admin.user.me(), 401)
  assert.deepEqual((await sdk.admin.user.list({ email: invited })).users, [])
})

test("an invite that is taken back", async () => {
  const body = { email: `${word()}@lyon.example`, role: "GlobalAdmin", reason: "by mistake" }
  const { invite } = await sdk.admin.invite.create(body)

  const gone = { id: invite.id, object: "invite", deleted: true }
  assert.deepEqual(await sdk.admin.invite.delete(invite.id), gone)
  await refused(sdk.admin.invite.retrieve(invite.id), 404)
})

test("a forgotten password", async () => {
  const [forgetful, other] = [await join("paris.example"), await join("lyon.example")]
  const own = new Medusa({ baseUrl: url, auth: { type: "jwt", jwtTokenStorageMethod: "memory" } })

  await own.auth.resetPassword("user", "emailpass", { identifier: `${word()}@paris.example` })
  await own.auth.resetPassword("user", "emailpass", { identifier: forgetful.email })
  const token = await mailed(forgetful.email, 2)
  const chosen = { email: forgetful.email, password: word() + word() }
  await own.auth.updateProvider("user", "emailpass", { password: chosen.password }, token)

  await refused(staff(forgetful), 401)
  assert.equal((await (await staff(chosen)).admin.user.me()).user.email, forgetful.email)
  assert.equal((await (await staff(other)).admin.user.me()).user.email, other.email)
  const again = { password: word() + word() }
  await refused(own.auth.updateProvider("user", "emailpass", again, token), 401)
})

/** Makes an admin with a password of their own, by an invite. */
async function join(domain) {
  const login = { email: `${word()}@${domain}`, password: word() + word() }
  await sdk.admin.invite.create({ email: login.email, role: "GlobalAdmin", reason: "a test" })
  const own = new Medusa({ baseUrl: url, auth: { type: "jwt", jwtTokenStorageMethod: "memory" } })
  await own.auth.register("user", "emailpass", login)
  const accept = { invite_token: await mailed(login.email, 1), email: login.email }
  await own.admin.invite.accept({ ...accept, first_name: "Sami", last_name: "Trabelsi" })
  return login
}

/** Waits until an address got so many mails; tells the token in the last. */
async function mailed(address, number) {
  for (;;) {
    const found = readdirSync(mail)
      .filter(name => name.endsWith(".eml"))
      .sort()
      .map(name => readFileSync(`${mail}/${name}`, "utf8"))
      .filter(text => text.includes(`To: ${address}`))
    if (found.length >= number) {
      const text = found.at(-1).replaceAll("=\r\n", "").replaceAll("=\n", "")
      return text.match(/souk_[a-z]+_\S{43}/)[0]
    }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

test("store", async () => {
  const id = `store_${paris.id}`
  const { stores } = await sdk.admin.store.list({}, paris.here)
  assert.deepEqual(ids(stores), [id])
  has(stores[0], {
    name: "Paris",
    supported_currencies: [{ currency_code: "eur", is_default: true, is_tax_inclusive: false }],
    default_sales_channel_id: paris.channel,
    default_region_id: `reg_${paris.id}`,
  })

  const locales = ["fr", "ar", "en"].map(locale_code => ({ locale_code }))
  const body = { name: "Paris 11e", supported_locales: locales, metadata: { theme: "blue" } }
  has((await sdk.admin.store.update(id, body, {}, paris.here)).store, body)
  assert.equal((await sdk.admin.store.retrieve(id, {}, paris.here)).store.name, "Paris 11e")
  await refused(sdk.admin.store.retrieve(id, {}, lyon.here), 400, /different tenant/)
  const other = { supported_currencies: [{ currency_code: "usd", is_default: true }] }
  await refused(sdk.admin.store.update(id, other, {}, paris.here), 400, /eur/)
})

test("taxRegion, taxRate, taxProvider", async () => {
  const rate = { rate: 20, code: "tva", name: "TVA" }
  const wanted = { country_code: "fr", provider_id: "tp_system", default_tax_rate: rate }
  const { tax_region } = await sdk.admin.taxRegion.create(wanted, {}, paris.here)
  has(tax_region, { country_code: "fr", province_code: null, provider_id: "tp_system" })
  has(tax_region.tax_rates[0], { ...rate, is_default: true })
  const rules = [{ reference: "product_type", reference_id: "ptyp_book" }]
  const books = { tax_region_id: tax_region.id, name: "Livres", code: "livres", rate: 5.5, rules }
  const { tax_rate } = await sdk.admin.taxRate.create(books, {}, paris.here)
  has(tax_rate, books)
  has((await sdk.admin.taxRate.update(tax_rate.id, { rate: 2.1 }, {}, paris.here)).tax_rate, { rate: 2.1, rules })
  const { tax_rates, count } = await sdk.admin.taxRate.list({ tax_region_id: tax_region.id }, paris.here)
  assert.deepEqual([tax_rates.map(one => one.rate), count], [[20, 2.1], 2])
  assert.equal((await sdk.admin.taxRate.retrieve(tax_rate.id, {}, paris.here)).tax_rate.name, "Livres")
  await refused(sdk.admin.taxRate.retrieve(tax_rate.id, {}, lyon.here), 404)
  await refused(sdk.admin.taxRegion.retrieve(tax_region.id, {}, lyon.here), 404)
  assert.deepEqual((await sdk.admin.taxRegion.list({}, lyon.here)).tax_regions, [])
  assert.equal((await sdk.admin.taxRate.delete(tax_rate.id, paris.here)).deleted, true)
  const changed = await sdk.admin.taxRegion.update(tax_region.id, { metadata: { a: 1 } }, {}, paris.here)
  has(changed.tax_region, { metadata: { a: 1 } })
  assert.deepEqual(ids((await sdk.admin.taxRegion.list({}, paris.here)).tax_regions), [tax_region.id])
  const gone = { id: tax_region.id, object: "tax_region", deleted: true }
  assert.deepEqual(await sdk.admin.taxRegion.delete(tax_region.id, paris.here), gone)
  assert.deepEqual(ids((await sdk.admin.taxProvider.list({}, paris.here)).tax_providers), ["tp_system"])
})

test("currency", async () => {
  const dinar = { code: "tnd", symbol: "TND", decimal_digits: 3, rounding: 0 }
  has((await sdk.admin.currency.retrieve("tnd")).currency, dinar)
  const { currencies, count } = await sdk.admin.currency.list({ code: ["eur", "tnd"] })
  assert.deepEqual([currencies.map(one => one.code), count], [["eur", "tnd"], 2])
  await refused(sdk.admin.currency.retrieve("xxx"), 404)
})

test("salesChannel", async () => {
  const { sales_channels } = await sdk.admin.salesChannel.list({ id: [paris.channel] })
  has(sales_channels[0], { id: paris.channel, is_disabled: false })
  const body = { description: "rue Oberkampf", is_disabled: false, metadata: { theme: "red" } }
  has((await sdk.admin.salesChannel.update(paris.channel, body)).sales_channel, body)
  const { sales_channel } = await sdk.admin.salesChannel.retrieve(paris.channel)
  assert.equal(sales_channel.description, "rue Oberkampf")
  await refused(sdk.admin.salesChannel.create({ name: "Nice" }), 400, /\/admin\/tenants/)
  const nice = await openShop(sdk, "Nice")
  const gone = { id: nice.channel, object: "sales-channel", deleted: true }
  assert.deepEqual(await sdk.admin.salesChannel.delete(nice.channel), gone)
  await refused(nice.store.product.list(), 400)
})

test("apiKey", async () => {
  const made = await sdk.admin.apiKey.create({ title: "ERP", type: "secret" }, {}, paris.here)
  const { id, token } = made.api_key
  const machine = new Medusa({ baseUrl: `${url}/t/${paris.id}`, apiKey: token })
  assert.deepEqual(ids((await machine.admin.store.list()).stores), [`store_${paris.id}`])

  const { api_keys } = await sdk.admin.apiKey.list({ type: "secret" }, paris.here)
  assert.deepEqual(ids(api_keys), [id])
  assert.deepEqual((await sdk.admin.apiKey.list({ type: "secret" }, lyon.here)).api_keys, [])
  const renamed = await sdk.admin.apiKey.update(id, { title: "Stock" }, {}, paris.here)
  assert.equal(renamed.api_key.title, "Stock")
  const { api_key } = await sdk.admin.apiKey.retrieve(id, paris.here)
  assert.notEqual(api_key.token, token)
  await refused(sdk.admin.apiKey.delete(id, paris.here), 400)
  assert.ok((await sdk.admin.apiKey.revoke(id, paris.here)).api_key.revoked_at)
  const gone = { id, object: "api_key", deleted: true }
  assert.deepEqual(await sdk.admin.apiKey.delete(id, paris.here), gone)
  await refused(machine.admin.store.update(`store_${paris.id}`, { name: "?" }), 401)
})

test("a publishable key has one channel for good", async () => {
  const { id } = paris.key
  const { api_key } = await sdk.admin.apiKey.retrieve(id, paris.here)
  assert.deepEqual(ids(api_key.sales_channels), [paris.channel])
  const again = await sdk.admin.apiKey.batchSalesChannels(id, { add: [paris.channel] }, paris.here)
  assert.equal(again.api_key.id, id)
  const other = sdk.admin.apiKey.batchSalesChannels(id, { add: [lyon.channel] }, paris.here)
  await refused(other, 400)
  await refused(storefront("pk_unknown").product.list(), 400, /[Pp]ublishable/)
})

test("upload", async () => {
  const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
  const picture = new File([Buffer.from(dot, "base64")], "dot.png", { type: "image/png" })
  const { files } = await sdk.admin.upload.create({ files: [picture] }, {}, paris.here)
  const [{ id, url: path }] = files
  assert.deepEqual((await sdk.admin.upload.retrieve(id, {}, paris.here)).file, { id, url: path })
  await refused(sdk.admin.upload.retrieve(id, {}, lyon.here), 404)

  const shown = await fetch(`${url}${path}`, { headers: paris.here })
  assert.deepEqual([shown.status, shown.headers.get("content-type")], [200, "image/png"])
  assert.equal((await fetch(`${url}${path}`, { headers: lyon.here })).status, 404)
  const text = { files: [{ name: "dot.png", content: "no picture" }] }
  await refused(sdk.admin.upload.create(text, {}, paris.here), 400)
  const wish = { name: "dot.png", mime_type: "image/png", size: 70 }
  await refused(sdk.admin.upload.presignedUrl(wish, {}, paris.here), 405)

  const gone = { id, object: "file", deleted: true }
  assert.deepEqual(await sdk.admin.upload.delete(id, paris.here), gone)
  assert.equal((await fetch(`${url}${path}`, { headers: paris.here })).status, 404)
})

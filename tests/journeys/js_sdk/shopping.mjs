// One product from its making at the head office to a shopper of Paris, and out again.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { closeShop, has, ids, openShop, refused, staff, url, word } from "./clients.mjs"

const DOT =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
const mark = word()
let sdk, paris, lyon, above, below, collection, picture, product

before(async () => {
  sdk = await staff()
  paris = await openShop(sdk, "Paris")
  lyon = await openShop(sdk, "Lyon")
})

after(async () => {
  await closeShop(sdk, paris)
  await closeShop(sdk, lyon)
})

test("the head office makes places for it", async () => {
  const category = async more =>
    (await sdk.admin.productCategory.create({ is_active: true, ...more })).product_category
  above = await category({ name: `Protéines ${mark}` })
  below = await category({ name: `Whey ${mark}`, parent_category_id: above.id })
  const body = { title: `Été ${mark}` }
  collection = (await sdk.admin.productCollection.create(body)).collection
  const file = new File([Buffer.from(DOT, "base64")], "whey.png", { type: "image/png" })
  picture = (await sdk.admin.upload.create({ files: [file] })).files[0]
})

test("the head office makes it, with all that a product can have", async () => {
  const goods = {
    weight: 540,
    length: 120,
    width: 120,
    height: 200,
    hs_code: "210610",
    mid_code: "FR123",
    origin_country: "fr",
    material: "Lactosérum",
    metadata: { halal: true },
  }
  const texts = {
    title: `Protéine de lactosérum ${mark}`,
    subtitle: "Saveur vanille · Vanilla flavour · نكهة الفانيليا",
    description: "Récupération après l'effort",
    handle: `whey-${mark}`,
    external_id: `erp-${mark}`,
  }
  const variant = size => ({
    title: size,
    sku: `${mark}-${size.replace(" ", "")}`,
    ean: "4006381333931",
    barcode: "036000291452",
    allow_backorder: true,
    manage_inventory: false,
    options: { Taille: size, Saveur: "Vanille" },
    prices: [
      { currency_code: "eur", amount: size === "1 kg" ? 39.9 : 24.9 },
      { currency_code: "eur", amount: 19.9, min_quantity: 10 },
    ],
    ...goods,
  })
  const sizes = ["500 g", "1 kg"]
  const answer = await sdk.admin.product.create({
    ...texts,
    ...goods,
    status: "published",
    discountable: false,
    is_giftcard: false,
    thumbnail: picture.url,
    images: [{ url: picture.url, metadata: { side: "front" } }],
    options: [
      { title: "Taille", values: sizes },
      { title: "Saveur", values: ["Vanille"] },
    ],
    variants: sizes.map(variant),
    collection_id: collection.id,
    categories: [{ id: below.id }],
    tags: [{ value: `vegan-${mark}` }],
    type: { value: `Poudre ${mark}` },
    shipping_profile_id: "sp_heavy",
    sales_channels: [],
  })
  product = answer.product
  const numbers = { weight: "540", length: "120", width: "120", height: "200" }
  has(product, { ...texts, ...goods, ...numbers, status: "published", discountable: false })
  has(product, { thumbnail: picture.url, collection_id: collection.id, deleted_at: null })
  has(product.images[0], { url: picture.url, rank: 0, metadata: { side: "front" } })
  assert.deepEqual(ids(product.categories), [below.id])
  assert.equal(product.tags[0].value, `vegan-${mark}`)
  assert.equal(product.type.value, `Poudre ${mark}`)
  for (const [place, size] of sizes.entries()) {
    const { options, prices, inventory_items, ...sent } = variant(size)
    const found = product.variants[place]
    has(found, { ...sent, product_id: product.id, variant_rank: place })
    assert.deepEqual(found.options.map(one => one.value), [size, "Vanille"])
    has(found.prices[1], { currency_code: "eur", amount: 19.9, min_quantity: 10 })
  }
  assert.deepEqual((await sdk.admin.product.retrieve(product.id)).product, product)
})

test("no shop sells it yet", async () => {
  for (const shop of [paris, lyon]) await isNowhereIn(shop)
})

test("paris sells it", async () => {
  await sdk.admin.salesChannel.updateProducts(paris.channel, { add: [product.id] })
  const query = { fields: "id,*sales_channels" }
  const found = await sdk.admin.product.retrieve(product.id, query)
  assert.deepEqual(ids(found.product.sales_channels), [paris.channel])
})

test("the head office translates it into English and Arabic", async () => {
  const [size] = product.options
  const text = (reference, { id }, locale_code, translations) => ({
    reference,
    reference_id: id,
    locale_code,
    translations,
  })
  const create = [
    text("product", product, "en", { title: `Whey protein ${mark}`, subtitle: "Vanilla" }),
    text("product", product, "ar", { title: `بروتين مصل اللبن ${mark}`, subtitle: "فانيليا" }),
    text("product_category", below, "ar", { name: "مصل اللبن" }),
    text("product_collection", collection, "ar", { title: "صيف" }),
    text("product_option", size, "ar", { title: "الحجم" }),
  ]
  const { created } = await sdk.admin.translation.batch({ create })
  assert.deepEqual(created.map(one => one.translations), create.map(one => one.translations))
  const query = { reference_id: product.id, locale_code: "ar" }
  const { translations, count } = await sdk.admin.translation.list(query)
  assert.deepEqual([ids(translations), count], [[created[1].id], 1])
})

test("shoppers of paris see it", async () => {
  const { products, count } = await paris.store.product.list()
  assert.deepEqual([ids(products), count], [[product.id], 1])
  const { product: shown } = await paris.store.product.retrieve(product.id)
  has(shown, { title: product.title, handle: product.handle, thumbnail: picture.url })
  assert.deepEqual(shown.variants.map(one => one.calculated_price.calculated_amount), [24.9, 39.9])
  const { handle } = product
  assert.deepEqual(ids((await paris.store.product.list({ handle })).products), [product.id])
  assert.equal((await fetch(`${url}${shown.thumbnail}`, { headers: paris.here })).status, 200)
  const { regions } = await paris.store.region.list()
  assert.deepEqual(regions[0].countries.map(one => one.iso_2), ["fr"])
  const { locales } = await paris.store.locale.list()
  assert.deepEqual(locales.map(one => one.code), ["fr", "en", "ar"])
})

test("shoppers of paris find it by words and filters", async () => {
  const found = async query => ids((await paris.store.product.list(query)).products)
  const [size] = product.options
  const all = [
    { q: "proteine lactoserum" },
    { q: "lactosrum" },
    { q: "vanil" },
    { q: "vanilla flavor" },
    { q: "الفانليا" },
    { category_id: [above.id], fields: "+tags,-description" },
    { collection_id: [collection.id] },
    { tag_id: ids(product.tags), type_id: [product.type_id] },
    { option_value_id: [size.values[1].id] },
    { $or: [{ handle: "other" }, { handle: product.handle }] },
    { created_at: { $gte: product.created_at }, order: "price", limit: 5 },
  ]
  for (const query of all) assert.deepEqual(await found(query), [product.id], JSON.stringify(query))
  assert.deepEqual(await found({ q: "creatine" }), [])
  await refused(paris.store.product.list({ colour: "red" }), 400, /colour/)
})

test("shoppers of paris read it in their language, and find it by a misspelt word", async () => {
  for (const [locale, title, misspelt] of [
    ["fr", product.title, "lactosrum"],
    ["en", `Whey protein ${mark}`, "protien"],
    ["ar", `بروتين مصل اللبن ${mark}`, "بروتن"],
  ]) {
    const store = paris.visit(locale)
    assert.equal((await store.product.retrieve(product.id)).product.title, title)
    const { products } = await store.product.list({ q: misspelt })
    assert.deepEqual(products.map(one => one.title), [title])
  }
  const arabic = paris.visit("ar")
  const { product: read } = await arabic.product.retrieve(product.id)
  assert.equal(read.collection.title, "صيف")
  assert.equal(read.categories[0].name, "مصل اللبن")
  assert.ok(read.options.some(one => one.title === "الحجم"))
  const { product_options } = await arabic.productOption.list()
  assert.ok(product_options.some(one => one.title === "الحجم"))
})

test("shoppers of paris walk down to it", async () => {
  const fields = "*category_children,*products"
  const top = { parent_category_id: "null", fields }
  const { product_categories } = await paris.store.category.list(top)
  assert.deepEqual(ids(product_categories), [above.id])
  assert.deepEqual(ids(product_categories[0].category_children), [below.id])
  const { product_category } = await paris.store.category.retrieve(below.id, { fields: "*products" })
  assert.deepEqual(ids(product_category.products), [product.id])

  const { collections } = await paris.store.collection.list({ fields: "*products" })
  assert.deepEqual(ids(collections), [collection.id])
  assert.deepEqual(ids(collections[0].products), [product.id])
  const one = await paris.store.collection.retrieve(collection.id)
  assert.equal(one.collection.title, collection.title)

  const { product_options } = await paris.store.productOption.list({ fields: "*values" })
  const option = product_options.find(one => one.title === "Taille")
  assert.deepEqual(option.values.map(one => one.value), ["500 g", "1 kg"])
  const { product_option } = await paris.store.productOption.retrieve(option.id)
  assert.equal(product_option.title, "Taille")
})

test("the other shop has never seen it", () => isNowhereIn(lyon))

test("paris sells it no more", async () => {
  await sdk.admin.salesChannel.batchProducts(paris.channel, { remove: [product.id] })
  await isNowhereIn(paris)
})

test("out again", async () => {
  const { id } = product
  const gone = { id, object: "product", deleted: true }
  assert.deepEqual(await sdk.admin.product.delete(id), gone)
  await refused(sdk.admin.product.retrieve(id), 404)
  has(await sdk.admin.translation.list({ reference_id: id }), { translations: [], count: 0 })
  await sdk.admin.productCategory.delete(below.id)
  await sdk.admin.productCategory.delete(above.id)
  await sdk.admin.productCollection.delete(collection.id)
  await sdk.admin.upload.delete(picture.id)
  assert.equal((await fetch(`${url}${picture.url}`, { headers: paris.here })).status, 404)
  for (const shop of [paris, lyon]) await isNowhereIn(shop)
})

/** Asserts that nothing of the product can be seen in a shop, whatever one asks it for. */
async function isNowhereIn({ store }) {
  has(await store.product.list(), { products: [], count: 0 })
  has(await store.product.list({ q: mark }), { products: [], count: 0 })
  has(await store.category.list(), { product_categories: [], count: 0 })
  has(await store.collection.list(), { collections: [], count: 0 })
  has(await store.productOption.list(), { product_options: [], count: 0 })
  await refused(store.product.retrieve(product.id), 404)
  await refused(store.product.retrieve(product.handle), 404)
  await refused(store.category.retrieve(below.id), 404)
  await refused(store.collection.retrieve(collection.id), 404)
  for (const { id } of product.options) await refused(store.productOption.retrieve(id), 404)
}

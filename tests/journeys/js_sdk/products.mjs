// The head office's products: made, listed, read, changed and deleted.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { has, ids, makeProduct, refused, staff, variant, word } from "./clients.mjs"

let sdk
const made = []

before(async () => {
  sdk = await staff()
})

after(async () => {
  for (const id of made) await sdk.admin.product.delete(id)
})

async function product(more) {
  const product = await makeProduct(sdk, more)
  made.push(product.id)
  return product
}

test("product", async () => {
  const title = `Whey ${word()}`
  const { id, handle } = await product({ title, external_id: title, metadata: { a: 1 } })
  const { products, count } = await sdk.admin.product.list({ q: title, limit: 5 })
  assert.deepEqual([ids(products), count], [[id], 1])
  assert.deepEqual(ids((await sdk.admin.product.list({ handle })).products), [id])
  const listed = { id: [id], status: ["published"], order: "-created_at", fields: "id,title" }
  assert.deepEqual((await sdk.admin.product.list(listed)).products, [{ id, title }])

  const { product: changed } = await sdk.admin.product.update(id, { subtitle: "Vanilla" })
  has(changed, { title, subtitle: "Vanilla", external_id: title, metadata: { a: 1 } })
  assert.equal(changed.variants[0].prices[0].amount, 19.9)
  has((await sdk.admin.product.retrieve(id)).product, { id, subtitle: "Vanilla" })
  await refused(sdk.admin.product.update(id, { colour: "red" }), 400, /colour/)
  await refused(sdk.admin.product.retrieve("prod_unknown"), 404)
})

test("product.batch", async () => {
  const first = await product()
  const second = await product()
  const { created, updated, deleted } = await sdk.admin.product.batch({
    create: [{ title: `Bar ${word()}`, options: [{ title: "Size", values: ["60 g"] }] }],
    update: [{ id: first.id, title: `Shake ${word()}` }],
    delete: [made.pop()],
  })
  made.push(created[0].id)
  assert.deepEqual([created.length, ids(updated)], [1, [first.id]])
  assert.deepEqual(deleted, { ids: [second.id], object: "product", deleted: true })
  await refused(sdk.admin.product.retrieve(second.id), 404)
})

test("product's variants", async () => {
  const { id, variants: [first] } = await product()
  const sku = word()
  const answer = await sdk.admin.product.createVariant(id, variant("1 kg", { sku }))
  const kilo = answer.product.variants.find(one => one.sku === sku)
  assert.deepEqual(answer.product.variants.length, 2)

  const { variants, count } = await sdk.admin.product.listVariants(id, { order: "title" })
  assert.deepEqual([ids(variants), count], [[kilo.id, first.id], 2])
  const update = { title: "A kilo", metadata: { shelf: "3" } }
  const { product: changed } = await sdk.admin.product.updateVariant(id, kilo.id, update)
  has(changed.variants.find(one => one.id === kilo.id), { ...update, sku })
  const { variant: read } = await sdk.admin.product.retrieveVariant(id, kilo.id)
  has(read, { ...update, sku, product_id: id })
  assert.equal(read.prices[0].amount, 19.9)
  const everywhere = await sdk.admin.productVariant.list({ sku })
  assert.deepEqual([ids(everywhere.variants), everywhere.count], [[kilo.id], 1])

  const gone = await sdk.admin.product.deleteVariant(id, kilo.id)
  has(gone, { id: kilo.id, object: "variant", deleted: true })
  assert.equal(gone.parent.id, id)
  await refused(sdk.admin.product.retrieveVariant(id, kilo.id), 404)
})

test("product.batchVariants", async () => {
  const { id, variants: [first] } = await product()
  const { created, updated } = await sdk.admin.product.batchVariants(id, {
    create: [variant("1 kg")],
    update: [{ id: first.id, title: "Half a kilo" }],
  })
  assert.deepEqual([created.length, updated[0].title], [1, "Half a kilo"])
  const { deleted } = await sdk.admin.product.batchVariants(id, { delete: ids(created) })
  assert.deepEqual(deleted, { ids: ids(created), object: "variant", deleted: true })
})

test("product's options", async () => {
  const { id } = await product()
  const body = { title: "Flavour", values: ["Vanilla", "Cocoa"] }
  const { product: grown } = await sdk.admin.product.createOption(id, body)
  const flavour = grown.options.find(one => one.title === "Flavour")
  assert.deepEqual(flavour.values.map(one => one.value), body.values)

  const { product_options, count } = await sdk.admin.product.listOptions(id)
  assert.deepEqual([product_options.map(one => one.title), count], [["Size", "Flavour"], 2])
  const update = { title: "Taste", values: ["Vanilla"] }
  const { product: changed } = await sdk.admin.product.updateOption(id, flavour.id, update)
  assert.equal(changed.options.find(one => one.id === flavour.id).title, "Taste")
  const { product_option } = await sdk.admin.product.retrieveOption(id, flavour.id)
  has(product_option, { id: flavour.id, title: "Taste", product_id: id })

  const gone = await sdk.admin.product.deleteOption(id, flavour.id)
  has(gone, { id: flavour.id, object: "product_option", deleted: true })
  assert.equal(gone.parent.id, id)
  await refused(sdk.admin.product.retrieveOption(id, flavour.id), 404)
})

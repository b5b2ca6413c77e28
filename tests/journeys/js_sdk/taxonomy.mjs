// The head office's taxonomy: each resource created, listed, read, changed and deleted.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { has, ids, makeProduct, refused, staff, word } from "./clients.mjs"

let sdk, made

before(async () => {
  sdk = await staff()
  made = await makeProduct(sdk)
})

after(() => sdk.admin.product.delete(made.id))

test("productCategory", async () => {
  const name = `Proteins ${word()}`
  const body = { name, description: "For after sports", metadata: { icon: "cup" } }
  const { product_category: above } = await sdk.admin.productCategory.create(body)
  has(above, { ...body, is_active: false, is_internal: false, parent_category_id: null })
  const child = { name: `Whey ${name}`, parent_category_id: above.id, is_active: true }
  const { product_category: first } = await sdk.admin.productCategory.create(child)
  const last = { ...child, name: `Casein ${name}` }
  const { product_category: second } = await sdk.admin.productCategory.create(last)
  assert.deepEqual([first.rank, second.rank], [0, 1])
  assert.equal(first.parent_category.id, above.id)

  const update = { is_active: true, metadata: { icon: "" } }
  const { product_category: changed } = await sdk.admin.productCategory.update(above.id, update)
  has(changed, { is_active: true, metadata: {}, description: body.description })
  await sdk.admin.productCategory.update(second.id, { rank: 0 })
  const below = { parent_category_id: above.id, order: "rank" }
  const { product_categories, count } = await sdk.admin.productCategory.list(below)
  assert.deepEqual([ids(product_categories), count], [[second.id, first.id], 2])
  const tree = { include_descendants_tree: true, fields: "id,*category_children" }
  const { product_category } = await sdk.admin.productCategory.retrieve(above.id, tree)
  assert.deepEqual(ids(product_category.category_children), [second.id, first.id])

  await sdk.admin.productCategory.updateProducts(first.id, { add: [made.id] })
  const found = await sdk.admin.product.retrieve(made.id, { fields: "*categories" })
  assert.deepEqual(ids(found.product.categories), [first.id])
  await sdk.admin.productCategory.updateProducts(first.id, { remove: [made.id] })

  await refused(sdk.admin.productCategory.delete(above.id), 400)
  for (const { id } of [first, second, above]) {
    const gone = { id, object: "product_category", deleted: true }
    assert.deepEqual(await sdk.admin.productCategory.delete(id), gone)
    await refused(sdk.admin.productCategory.retrieve(id), 404)
  }
})

test("productCollection", async () => {
  const body = { title: `Summer ${word()}`, metadata: { season: "summer" } }
  const { collection } = await sdk.admin.productCollection.create(body)
  has(collection, { ...body, handle: body.title.toLowerCase().replace(" ", "-") })
  const { collections, count } = await sdk.admin.productCollection.list({ q: body.title })
  assert.deepEqual([ids(collections), count], [[collection.id], 1])

  const update = { title: `Winter ${word()}` }
  has((await sdk.admin.productCollection.update(collection.id, update)).collection, {
    ...update,
    metadata: body.metadata,
  })
  await sdk.admin.productCollection.updateProducts(collection.id, { add: [made.id] })
  const found = (await sdk.admin.product.retrieve(made.id)).product
  has(found, { collection_id: collection.id })
  assert.equal(found.collection.title, update.title)
  await sdk.admin.productCollection.updateProducts(collection.id, { remove: [made.id] })

  const gone = { id: collection.id, object: "collection", deleted: true }
  assert.deepEqual(await sdk.admin.productCollection.delete(collection.id), gone)
  await refused(sdk.admin.productCollection.retrieve(collection.id), 404)
})

for (const [resource, one, many] of [
  ["productTag", "product_tag", "product_tags"],
  ["productType", "product_type", "product_types"],
]) {
  test(resource, async () => {
    const api = sdk.admin[resource]
    const body = { value: `Vegan ${word()}`, metadata: { icon: "leaf" } }
    const { id, ...created } = (await api.create(body))[one]
    has(created, body)
    const found = await api.list({ q: body.value })
    assert.deepEqual([ids(found[many]), found.count], [[id], 1])
    await refused(api.create(body), 409, /already exists/)

    const value = `Vegetarian ${word()}`
    assert.equal((await api.update(id, { value }))[one].value, value)
    has((await api.retrieve(id))[one], { id, value, metadata: body.metadata })
    const gone = { id, object: one, deleted: true }
    assert.deepEqual(await api.delete(id), gone)
    await refused(api.retrieve(id), 404)
  })
}

// Prints which route each method of js-sdk asks for, as JSON: [["product.create", "POST", "/admin/products"], …]
import { Admin } from "./node_modules/@medusajs/js-sdk/dist/esm/admin/index.js"
import { Store } from "./node_modules/@medusajs/js-sdk/dist/esm/store/index.js"

const CATALOGUE = {
  admin: [
    ...["product", "productOption", "productCategory", "productCollection", "productTag", "productType"],
    ...["productVariant", "salesChannel", "store", "region", "currency", "apiKey", "upload"],
    ...["taxRegion", "taxRate", "taxProvider", "promotion", "campaign", "inventoryItem"],
    ...["stockLocation", "reservation"],
    "priceList",
    ...["locale", "translation", "invite", "user"],
    ...["shippingProfile", "fulfillmentSet", "shippingOption", "shippingOptionType", "fulfillmentProvider"],
  ],
  store: [
    ...["product", "category", "collection", "productOption", "region", "locale"],
    ...["cart", "payment", "fulfillment", "order", "customer"],
  ],
}
globalThis.FileList = class FileList {}

const asked = []
const client = {
  fetch: async (path, { method = "GET" } = {}) => {
    asked.push([method, `/${path.replace(/^\//, "").replace(/\?.*/, "")}`])
    return { url: "", files: [{ id: "" }], payment_collection: { id: "{id}" } }
  },
}
// An id where a path needs one, and a body where a file is read from it.
const anything = () => Object.assign(new String("{id}"), { file: new File([], "a"), files: [] })

const found = []
const sides = { admin: new Admin(client), store: new Store(client) }
for (const [side, resources] of Object.entries(CATALOGUE)) {
  for (const name of resources) {
    const resource = sides[side][name]
    const own = [...Object.keys(resource), ...Object.getOwnPropertyNames(Object.getPrototypeOf(resource))]
    for (const method of own) {
      if (typeof resource[method] !== "function" || method in Object.prototype) continue
      asked.length = 0
      await resource[method](anything(), anything(), anything())
      for (const route of asked) found.push([`${name}.${method}`, ...route])
    }
  }
}
console.log(JSON.stringify(found))

// A storefront as it is often made by hand: the tenant in memory, and the page in memory too, or one query on prepared rows.
//     node fastify.js PORT memory PAGE_FILE
//     DATABASE=postgresql://… node fastify.js PORT rows
// A page in memory is stale until its time is over; Souk's is not. Both answer with the bytes that Souk answers with.
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import pg from 'pg'

const [port, kind, source] = process.argv.slice(2)
const TTL_MS = 60_000
const tenants = new Map([['paris.impactnutrition.com', 'paris']])
const pages = new Map()
const app = Fastify({ logger: false })

const QUERY = {
  name: 'page',
  text: 'SELECT document FROM listing WHERE tenant_id = $1 AND visible ORDER BY offered_at DESC, listing_id DESC LIMIT $2',
}
const pool = kind === 'rows' ? new pg.Pool({ connectionString: process.env.DATABASE, max: 8 }) : undefined

function page (id) {
  const known = pages.get(id)
  if (known !== undefined && known.until > Date.now()) return known.body
  const body = readFileSync(source)
  pages.set(id, { body, until: Date.now() + TTL_MS })
  return body
}

async function rows (id, limit) {
  const found = await pool.query({ ...QUERY, values: [id, limit] })
  const documents = found.rows.map((row) => row.document.toString())
  return `{"products":[${documents.join(',')}],"count":${documents.length},"offset":0,"limit":${limit}}`
}

app.get('/store/products', async (request, reply) => {
  const id = tenants.get(request.hostname)
  if (id === undefined) return reply.code(404).send()
  reply.type('application/json; charset=utf-8')
  return pool === undefined ? page(id) : await rows(id, Number(request.query.limit ?? 20))
})

await app.listen({ host: '127.0.0.1', port: Number(port) })

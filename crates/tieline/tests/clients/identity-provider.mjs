// oidc-provider (npm, OpenID certified) as an organization's own identity provider: clients register themselves with the
// initial access token REGISTRATION_TOKEN, and get JWT access tokens for AUDIENCE, signed with ES256.
// It prints its issuer, and then answers each line of its stdin with one line:
//   down, up      stops listening, and listens at the same address again
//   rotate        signs with another key, and publishes that one alone
//   clients       the ids of the clients that it knows, as JSON
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'

const { REGISTRATION_TOKEN, AUDIENCE } = process.env
// Its stdout is for answers alone; the library has notices to give.
console.info = console.warn = console.error

const stored = new Map()
class Adapter {
  constructor(model) { this.model = model }
  key(id) { return `${this.model}:${id}` }
  async upsert(id, payload) { stored.set(this.key(id), payload) }
  async find(id) { return stored.get(this.key(id)) }
  async findByUid() {}
  async findByUserCode() {}
  async destroy(id) { stored.delete(this.key(id)) }
  async consume() {}
  async revokeByGrantId() {}
}

let issuer
async function provider() {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const key = { ...await exportJWK(privateKey), use: 'sig', alg: 'ES256', kid: crypto.randomUUID() }
  const server = { scope: 'read write', audience: AUDIENCE, accessTokenFormat: 'jwt', accessTokenTTL: 600,
    jwt: { sign: { alg: 'ES256' } } }
  const made = new Provider(issuer, {
    adapter: Adapter,
    jwks: { keys: [key] },
    ttl: { ClientCredentials: 600 },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      registration: { enabled: true, initialAccessToken: REGISTRATION_TOKEN },
      registrationManagement: { enabled: true },
      resourceIndicators: { enabled: true, defaultResource: () => AUDIENCE, getResourceServerInfo: () => server },
    },
  })
  return made.callback()
}

let answer
const server = createServer((request, response) => answer(request, response))
const listen = port => new Promise(done => server.listen(port, '127.0.0.1', done))
await listen(0)
const { port } = server.address()
issuer = `http://127.0.0.1:${port}`
answer = await provider()
console.log(issuer)

for await (const line of createInterface({ input: process.stdin })) {
  let said = line
  if (line === 'down') {
    const closed = new Promise(done => server.close(done))
    server.closeAllConnections()
    await closed
  } else if (line === 'up') {
    await listen(port)
  } else if (line === 'rotate') {
    answer = await provider()
  } else if (line === 'clients') {
    said = JSON.stringify([...stored.keys()].filter(key => key.startsWith('Client:')).map(key => key.slice(7)))
  }
  console.log(said)
}

// oidc-provider (npm, OpenID certified) as the provider by which people sign in to the console, with its own pages for
// development: any login is let in, with any password. Its one client is `tieline` with the secret CLIENT_SECRET, and must use PKCE.
// It prints its issuer, and then answers each line of its stdin with one line:
//   client URL           knows its client, which people are sent back to at this address
//   person LOGIN CLAIMS  says this of who signs in as LOGIN: CLAIMS is JSON
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'

// Its stdout is for answers alone; the library has notices to give.
console.info = console.warn = console.error

const people = new Map()
async function provider(issuer, redirect) {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const key = { ...await exportJWK(privateKey), use: 'sig', alg: 'ES256', kid: crypto.randomUUID() }
  const made = new Provider(issuer, {
    clients: [{
      client_id: 'tieline', client_secret: process.env.CLIENT_SECRET, redirect_uris: [redirect],
      id_token_signed_response_alg: 'ES256',
    }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: ['for a test alone'] },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...people.get(sub) }) }),
    jwks: { keys: [key] },
    pkce: { required: () => true },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  })
  return made.callback()
}

let answer = (_, response) => response.writeHead(503).end()
const server = createServer((request, response) => answer(request, response))
await new Promise(done => server.listen(0, '127.0.0.1', done))
// Another site than the console's, which is at 127.0.0.1.
const issuer = `http://localhost:${server.address().port}`
console.log(issuer)

for await (const line of createInterface({ input: process.stdin })) {
  const [what, name, ...rest] = line.split(' ')
  if (what === 'client') {
    answer = await provider(issuer, name)
  } else if (what === 'person') {
    people.set(name, JSON.parse(rest.join(' ')))
  }
  console.log(line)
}

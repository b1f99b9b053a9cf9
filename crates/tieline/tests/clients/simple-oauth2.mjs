// simple-oauth2 (npm): gets a token by both ways of proving a client.
// Told by the environment: ISSUER, CLIENT_ID, CLIENT_SECRET. With an address as argument it calls that with the token.
import { ClientCredentials } from 'simple-oauth2'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env
const keys = createRemoteJWKSet(new URL(`${ISSUER}/oauth2/jwks`))
const results = {}

for (const [method, authorizationMethod] of [['basic', 'header'], ['body', 'body']]) {
  const client = new ClientCredentials({
    client: { id: CLIENT_ID, secret: CLIENT_SECRET },
    auth: { tokenHost: ISSUER, tokenPath: '/oauth2/token' },
    options: { authorizationMethod },
  })
  const { token } = await client.getToken({ scope: ['read', 'write'] })
  const { payload } = await jwtVerify(token.access_token, keys, { issuer: ISSUER })
  results[method] = { client: payload.client_id, scope: token.scope }
  if (process.argv[2]) {
    const authorization = `Bearer ${token.access_token}`
    results[method].status = (await fetch(process.argv[2], { headers: { authorization } })).status
  }
}
console.log(JSON.stringify(results))

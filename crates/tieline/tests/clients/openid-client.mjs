// openid-client (npm): finds the token service by its metadata, gets a token, and asks about it.
// Told by the environment: ISSUER, CLIENT_ID, CLIENT_SECRET. With an address as argument it calls that with the token.
import * as client from 'openid-client'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env
const insecure = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] }
const results = {}

for (const [method, proof] of [
  ['basic', client.ClientSecretBasic(CLIENT_SECRET)],
  ['body', client.ClientSecretPost(CLIENT_SECRET)],
]) {
  const server = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, proof, insecure)
  const tokens = await client.clientCredentialsGrant(server, { scope: 'read' })
  const metadata = server.serverMetadata()
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri))
  const { payload } = await jwtVerify(tokens.access_token, keys, { issuer: metadata.issuer, typ: 'at+jwt' })
  const told = await client.tokenIntrospection(server, tokens.access_token)
  results[method] = { active: told.active, client: payload.client_id, scope: tokens.scope }
  if (process.argv[2]) {
    const answer = await client.fetchProtectedResource(server, tokens.access_token, new URL(process.argv[2]), 'GET')
    results[method].status = answer.status
  }
  await client.tokenRevocation(server, tokens.access_token)
  results[method].revoked = !(await client.tokenIntrospection(server, tokens.access_token)).active
}
console.log(JSON.stringify(results))

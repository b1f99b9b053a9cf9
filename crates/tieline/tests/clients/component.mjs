// A component as it is written for Choreo, with simple-oauth2: it knows the names of its variables and nothing of Tieline.
import { ClientCredentials } from 'simple-oauth2'

const {
  CHOREO_ORDERS_SERVICEURL: serviceUrl,
  CHOREO_ORDERS_TOKENURL: tokenUrl,
  CHOREO_ORDERS_CONSUMERKEY: id,
  CHOREO_ORDERS_CONSUMERSECRET: secret,
} = process.env
const { origin, pathname } = new URL(tokenUrl)
const client = new ClientCredentials({ client: { id, secret }, auth: { tokenHost: origin, tokenPath: pathname } })
const { token } = await client.getToken({})
const answer = await fetch(`${serviceUrl}/items`, { headers: { authorization: `Bearer ${token.access_token}` } })
if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
console.log(await answer.text())

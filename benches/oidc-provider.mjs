// npm's oidc-provider as a token service for one client, which gets JWT access tokens by client_credentials.
// Arguments: the folder in which `npm install oidc-provider` ran, how to sign, client id, client secret. Prints its address.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, algorithm, client, secret] = process.argv.slice(2);
const program = createRequire(join(folder, 'package.json')).resolve('oidc-provider');
const { default: Provider } = await import(pathToFileURL(program));

const kinds = {
  es256: ['ES256', 'ec', { namedCurve: 'P-256' }],
  eddsa: ['EdDSA', 'ed25519', {}],
  rs256: ['RS256', 'rsa', { modulusLength: 2048 }],
};
const [alg, type, options] = kinds[algorithm];
const key = { ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: 'only' };

const resource = 'http://127.0.0.1:7070/bench/development';
const provider = new Provider('http://127.0.0.1:7070', {
  clients: [
    {
      client_id: client,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: alg,
    },
  ],
  jwks: { keys: [key] },
  routes: { token: '/oauth2/token' },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      getResourceServerInfo: () => ({
        scope: '',
        accessTokenFormat: 'jwt',
        accessTokenTTL: 900,
        jwt: { sign: { alg } },
      }),
    },
  },
  ttl: { ClientCredentials: 900 },
});

const server = createServer(provider.callback());
// Clients keep their connections, as they do with the others.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => console.log(`127.0.0.1:${server.address().port}`));

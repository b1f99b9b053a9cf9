"""requests-oauthlib (PyPI): gets a token by both ways of proving a client.

Told by the environment: ISSUER, CLIENT_ID, CLIENT_SECRET. With an address as argument it calls that with the token.
"""

import json
import os
import sys

import jwt
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

# The tests listen on loopback, in clear.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
issuer, client, secret = (os.environ[name] for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"))
keys = jwt.PyJWKClient(f"{issuer}/oauth2/jwks")
results = {}
for method, more in (("basic", {}), ("body", {"include_client_id": True})):
    session = OAuth2Session(client=BackendApplicationClient(client_id=client))
    token = session.fetch_token(f"{issuer}/oauth2/token", client_id=client, client_secret=secret, **more)
    text = token["access_token"]
    key = keys.get_signing_key_from_jwt(text)
    said = jwt.decode(
        text, key.key, algorithms=[key.algorithm_name], issuer=issuer, audience=f"{issuer}/acme/development"
    )
    results[method] = {"client": said["client_id"], "scope": " ".join(token["scope"])}
    if len(sys.argv) > 1:
        results[method]["status"] = session.get(sys.argv[1]).status_code
print(json.dumps(results))

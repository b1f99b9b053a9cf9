"""Authlib (PyPI): finds the token service by its metadata, gets a token by both ways of proving a client, and asks about it.

Told by the environment: ISSUER, CLIENT_ID, CLIENT_SECRET. With an address as argument it calls that with the token.
"""

import json
import os
import sys

import jwt
import requests
from authlib.integrations.requests_client import OAuth2Session

issuer, client, secret = (os.environ[name] for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"))
metadata = requests.get(f"{issuer}/.well-known/oauth-authorization-server", timeout=30).json()
keys = jwt.PyJWKClient(metadata["jwks_uri"])
results = {}
for method in ("basic", "post"):
    session = OAuth2Session(client, secret, scope="write", token_endpoint_auth_method=f"client_secret_{method}")
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    text = token["access_token"]
    key = keys.get_signing_key_from_jwt(text)
    said = jwt.decode(
        text, key.key, algorithms=[key.algorithm_name], issuer=issuer, audience=f"{issuer}/acme/development"
    )
    told = session.introspect_token(metadata["introspection_endpoint"], token=text).json()
    result = {"client": said["client_id"], "scope": token["scope"], "active": told["active"]}
    if len(sys.argv) > 1:
        result["status"] = session.get(sys.argv[1]).status_code
    session.revoke_token(metadata["revocation_endpoint"], token=text)
    told = session.introspect_token(metadata["introspection_endpoint"], token=text).json()
    results["basic" if method == "basic" else "body"] = result | {"revoked": not told["active"]}
print(json.dumps(results))

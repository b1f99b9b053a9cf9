"""A component as it is written for Choreo, with requests-oauthlib: it knows its variables and nothing of Tieline."""

import os

from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

# The tests listen on loopback, in clear.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
url, token_url, client, secret = (
    os.environ[f"CHOREO_ORDERS_{key}"] for key in ("SERVICEURL", "TOKENURL", "CONSUMERKEY", "CONSUMERSECRET")
)
session = OAuth2Session(client=BackendApplicationClient(client_id=client))
session.fetch_token(token_url, client_id=client, client_secret=secret)
answer = session.get(f"{url}/items")
answer.raise_for_status()
print(answer.text)

#!/bin/sh
# A component as it is written for Choreo, with curl: it knows the names of its variables and nothing of Tieline.
set -eu

token=$(printf 'user = "%s:%s"\n' "$CHOREO_ORDERS_CONSUMERKEY" "$CHOREO_ORDERS_CONSUMERSECRET" |
    curl --silent --show-error --fail --config - --data grant_type=client_credentials "$CHOREO_ORDERS_TOKENURL" |
    sed 's/.*"access_token":"\([^"]*\)".*/\1/')
printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl --silent --show-error --fail --config - "$CHOREO_ORDERS_SERVICEURL/items"

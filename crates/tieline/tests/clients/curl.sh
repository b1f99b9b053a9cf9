#!/bin/sh
# curl: gets a token by both ways of proving a client.
# Told by the environment: ISSUER, CLIENT_ID, CLIENT_SECRET. With an address as argument it calls that with the token.
set -eu

# Secrets go in by stdin: arguments are for everybody to see.
token() {
    if [ "$1" = basic ]; then
        printf 'user = "%s:%s"\n' "$CLIENT_ID" "$CLIENT_SECRET"
    else
        printf 'data-urlencode = "client_id=%s"\ndata-urlencode = "client_secret=%s"\n' "$CLIENT_ID" "$CLIENT_SECRET"
    fi | curl --silent --show-error --fail --config - --data grant_type=client_credentials "$ISSUER/oauth2/token" |
        sed 's/.*"access_token":"\([^"]*\)".*/\1/'
}

found() {
    token=$(token "$1")
    status=null
    if [ -n "${2:-}" ]; then
        status=$(printf 'header = "Authorization: Bearer %s"\n' "$token" |
            curl --silent --show-error --config - --output /dev/null --write-out '%{http_code}' "$2")
    fi
    printf '"%s": { "access_token": "%s", "status": %s }' "$1" "$token" "$status"
}

printf '{ %s, %s }\n' "$(found basic "${1:-}")" "$(found body "${1:-}")"

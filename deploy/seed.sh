#!/bin/sh
# Adds the demo data through the HTTP API of a private gateway, so that the shop is full when the public one opens.
# Runs only once: data that somebody removed must not come back with each start. SOUK_DEMO=no leaves the shop empty.
set -eu
[ "${SOUK_DEMO:-yes}" = yes ] && [ ! -e /planted/done ] || exit 0
url=http://$SOUK_LISTEN

python -m gateway >/tmp/gateway.log 2>&1 &
gateway=$!
trap 'kill $gateway 2>/dev/null; wait $gateway 2>/dev/null || true' EXIT

python -m deploy.probe --wait 60 || { cat /tmp/gateway.log; exit 1; }
python -m gateway.cli seed --url "$url" --email "$SOUK_ADMIN_EMAIL" --password-file "$SOUK_SECRETS/admin.password"
touch /planted/done

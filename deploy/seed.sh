#!/bin/sh
# Plants the demo data through the HTTP API, by a gateway of its own that nobody else can reach: when the
# public one opens, the shop is full. Once is enough: what a person took away since must not come back with each
# start. SOUK_DEMO=no leaves the shop empty.
set -eu
[ "${SOUK_DEMO:-yes}" = yes ] && [ ! -e /planted/done ] || exit 0
url=http://$SOUK_LISTEN

python -m gateway >/tmp/gateway.log 2>&1 &
gateway=$!
trap 'kill $gateway 2>/dev/null; wait $gateway 2>/dev/null || true' EXIT

python -m services.kernel.probe --wait 60 "$url/readyz" || { cat /tmp/gateway.log; exit 1; }
python -m gateway.cli seed --url "$url" --email "$SOUK_ADMIN_EMAIL" --password-file "$SOUK_SECRETS/admin.password"
touch /planted/done

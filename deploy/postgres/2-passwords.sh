#!/bin/sh
# The passwords of the roles that sign in, by the addresses that the portal's containers use
# themselves: postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE. PostgreSQL's image runs this once, when
# it makes its data; after a change of the files: docker compose exec database
# sh /docker-entrypoint-initdb.d/2-passwords.sh
set -eu
for name in database-url database-migration-url database-seal-url; do
  address="$(cat "${SECRETS:-/run/secrets}/$name")"
  account="${address#*://}"
  account="${account%%@*}"
  role="${account%%:*}"
  password="${account#*:}"
  case "$password" in
    *%*) echo "Give $name a password without signs that an address has to escape." >&2; exit 1 ;;
  esac
  psql --quiet --set=ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set=role="$role" --set=password="$password" <<'SQL'
ALTER ROLE :"role" PASSWORD :'password';
SQL
done

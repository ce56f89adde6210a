#!/bin/sh
# The portal's own role and database, by the address that the portal uses itself. PostgreSQL's image
# runs this once, when it makes its data. postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE
set -eu
address="$(cat /run/secrets/database-url)"
account="${address#*://}"
account="${account%%@*}"
role="${account%%:*}"
password="${account#*:}"
database="${address##*/}"
case "$password" in
  *%*) echo "Give the database a password without signs that an address has to escape." >&2; exit 1 ;;
esac
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=role="$role" --set=password="$password" --set=database="$database" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"role" ENCODING 'UTF8' TEMPLATE template0;
\connect :"database"
CREATE EXTENSION unaccent;
CREATE EXTENSION pg_trgm;
SQL

#!/bin/sh
# Make Temporal's two databases and bring their tables to this version. Safe to repeat: what exists
# stays. The server of the same version wants exactly these tables, so raise both images together.
set -eu

tool() {
  temporal-sql-tool --plugin "$SQL_PLUGIN" --endpoint "$SQL_HOST" --port "$SQL_PORT" \
    --user "$SQL_USER" --database "$@"
}

prepare() {
  tool "$1" create
  tool "$1" setup-schema --version 0.0
  tool "$1" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility

#!/usr/bin/env bash
# Upload a file with curl, then ask for an approval that takes it along:
# ask_with_file.sh REQUEST_ID WHO_ASKS REQUEST_TYPE FIELD FILE VALUES
set -euo pipefail
: "${GLORIA_URL:?}" "${GLORIA_TOKEN:?}"

call() {
  curl --silent --show-error --fail-with-body --max-time 60 --retry 5 --retry-connrefused \
    --header "Authorization: Bearer $GLORIA_TOKEN" "$@"
}

encoded() { python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$1"; }

# The same file again is answered with the first one, so this may be repeated.
place="requestId=$(encoded "$1")&userId=$(encoded "$2")&field=$(encoded "$4")"
call --header "Content-Type: application/octet-stream" --data-binary "@$5" \
  "$GLORIA_URL/api/v1/files?$place&name=$(encoded "$(basename "$5")")"
echo
body=$(printf '{"requestId": "%s", "userId": "%s", "requestType": "%s", "module": "PURCHASE",
  "entityType": "ORDER", "entityId": "%s", "title": "Order %s", "fields": %s}' \
  "$1" "$2" "$3" "$1" "$1" "$6")
call --header "Content-Type: application/json" --data "$body" "$GLORIA_URL/api/v1/approvals"
echo

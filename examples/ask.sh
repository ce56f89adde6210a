#!/usr/bin/env bash
# Ask for an approval with curl, then read where it stands: ask.sh REQUEST_ID WHO_ASKS WHO_DECIDES
set -euo pipefail
: "${GLORIA_URL:?}" "${GLORIA_TOKEN:?}"

call() {
  # curl repeats what was not answered, 408, 429 and 503, as often as is safe here: the same
  # requestId with the same values is one request.
  curl --silent --show-error --fail-with-body --max-time 30 --retry 5 --retry-connrefused \
    --header "Authorization: Bearer $GLORIA_TOKEN" "$@"
}

body=$(printf '{"requestId": "%s", "userId": "%s", "approverId": "%s", "module": "PURCHASE",
  "entityType": "ORDER", "entityId": "%s", "priority": "HIGH", "title": "Order %s"}' \
  "$1" "$2" "$3" "$1" "$1")
asked=$(call --header "Content-Type: application/json" --data "$body" "$GLORIA_URL/api/v1/approvals")
echo "$asked"
workflow=$(sed -E 's/.*"workflowId": *"([^"]+)".*/\1/' <<<"$asked")
call "$GLORIA_URL/api/v1/approvals/$workflow/status"
echo

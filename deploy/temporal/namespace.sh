#!/bin/sh
# Wait until the server is healthy, then make the namespace and register the search attributes.
# Safe to repeat. The server makes no namespace by itself, not even "default".
set -eu
namespace="${TEMPORAL_NAMESPACE:-default}"
retention="${TEMPORAL_RETENTION:-30d}"

tries=60
until temporal operator cluster health >/dev/null 2>&1; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || {
    echo "The Temporal server at $TEMPORAL_ADDRESS did not become healthy." >&2
    exit 1
  }
  sleep 1
done

if temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
  temporal operator namespace update --namespace "$namespace" --retention "$retention"
else
  temporal operator namespace create --namespace "$namespace" --retention "$retention"
fi

# A new namespace takes some seconds to be known everywhere.
tries=60
until known="$(temporal operator search-attribute list --namespace "$namespace" 2>/dev/null)"; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || {
    echo "The namespace $namespace is not usable yet: run this again." >&2
    exit 1
  }
  sleep 1
done

register() {
  case "$known" in
    *" $1 "*) ;;
    *) temporal operator search-attribute create --namespace "$namespace" --name "$1" --type "$2" ;;
  esac
}

register ApprovalStatus Keyword
register ApprovalStage Keyword
register RequestType Keyword
register Priority Keyword
register OpenedAt Datetime
register RecordSeq Keyword

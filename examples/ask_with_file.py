"""Upload a file, then ask for an approval that takes it along:
REQUEST_ID WHO_ASKS REQUEST_TYPE FIELD FILE VALUES."""

import json
import os
import sys
from pathlib import Path

import httpx


def stop_if_refused(answer: httpx.Response) -> None:
    """A problem (RFC 9457) says what is wrong, and where."""
    if answer.is_error:
        raise SystemExit(f"{answer.json()['title']}: {answer.json().get('errors')}")


def main() -> None:
    """Upload, then ask. Both may be repeated: the same file and the same requestId are one."""
    request_id, who_asks, request_type, field, file, values = sys.argv[1:]
    with httpx.Client(
        base_url=f"{os.environ['GLORIA_URL']}/api/v1",
        headers={"Authorization": f"Bearer {os.environ['GLORIA_TOKEN']}"},
        timeout=60,
        transport=httpx.HTTPTransport(retries=5),
    ) as client:
        uploaded = client.post(
            "/files",
            params={
                "requestId": request_id, "userId": who_asks, "field": field,
                "name": Path(file).name,
            },
            content=Path(file).read_bytes(),
            headers={"Content-Type": "application/octet-stream"},
        )  # fmt: skip
        stop_if_refused(uploaded)
        body = {
            "requestId": request_id, "userId": who_asks, "requestType": request_type,
            "module": "PURCHASE", "entityType": "ORDER", "entityId": request_id,
            "title": f"Order {request_id}", "fields": json.loads(values),
        }  # fmt: skip
        asked = client.post("/approvals", json=body)
        stop_if_refused(asked)
        print(asked.json()["number"], asked.json()["status"])


if __name__ == "__main__":
    main()

"""Ask for an approval with httpx, then read where it stands: REQUEST_ID WHO_ASKS WHO_DECIDES."""

import os
import sys
import time

import httpx


def send(client: httpx.Client, method: str, path: str, body: dict[str, str] | None = None) -> dict:
    """The answer as JSON. Repeats what was not answered: the same requestId is one request."""
    for pause in (0, 1, 2, 4, 8):
        time.sleep(pause)
        try:
            answer = client.request(method, path, json=body)
        except httpx.TransportError:
            continue
        if answer.status_code not in (429, 503):
            break
    else:
        raise SystemExit("The portal does not answer.")
    if answer.is_error:  # a problem (RFC 9457) says what is wrong, and where
        raise SystemExit(f"{answer.json()['title']}: {answer.json().get('errors')}")
    return answer.json()


def main() -> None:
    """Ask, then say where it stands."""
    request_id, who_asks, who_decides = sys.argv[1:]
    with httpx.Client(
        base_url=f"{os.environ['GLORIA_URL']}/api/v1",
        headers={"Authorization": f"Bearer {os.environ['GLORIA_TOKEN']}"},
        timeout=30,
    ) as client:
        body = {
            "requestId": request_id, "userId": who_asks, "approverId": who_decides,
            "module": "PURCHASE", "entityType": "ORDER", "entityId": request_id,
            "priority": "HIGH", "title": f"Order {request_id}",
        }  # fmt: skip
        asked = send(client, "POST", "/approvals", body)
        status = send(client, "GET", f"/approvals/{asked['workflowId']}/status")
    print(status["number"], status["status"], [each["name"] for each in status["waitingOn"]])


if __name__ == "__main__":
    main()

"""Ask for an approval with the standard library alone: REQUEST_ID WHO_ASKS WHO_DECIDES."""

import json
import os
import sys
import time
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen


def send(path: str, body: dict[str, str] | None = None) -> dict:
    """The answer as JSON. Repeats what was not answered: the same requestId is one request."""
    data = None if body is None else json.dumps(body).encode()
    headers = {
        "Authorization": f"Bearer {os.environ['GLORIA_TOKEN']}",
        "Content-Type": "application/json",
    }
    request = Request(f"{os.environ['GLORIA_URL']}/api/v1{path}", data, headers)
    for pause in (0, 1, 2, 4, 8):
        time.sleep(pause)
        try:
            with urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except HTTPError as error:
            if error.code not in (429, 503):  # a problem (RFC 9457) says what is wrong, and where
                problem = json.load(error)
                raise SystemExit(f"{problem['title']}: {problem.get('errors')}") from None
        except URLError:
            continue
    raise SystemExit("The portal does not answer.")


def main() -> None:
    """Ask, then say where it stands."""
    request_id, who_asks, who_decides = sys.argv[1:]
    body = {
        "requestId": request_id, "userId": who_asks, "approverId": who_decides,
        "module": "PURCHASE", "entityType": "ORDER", "entityId": request_id,
        "priority": "HIGH", "title": f"Order {request_id}",
    }  # fmt: skip
    asked = send("/approvals", body)
    status = send(f"/approvals/{asked['workflowId']}/status")
    print(status["number"], status["status"], [each["name"] for each in status["waitingOn"]])


if __name__ == "__main__":
    main()

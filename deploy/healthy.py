"""Whether the pages on this machine answer: the health check of the image.

They answer to the host name of PUBLIC_URL only, as everything does in production. Only the process
is asked, not what it needs: with Temporal or the database away, people can still read or are told.
"""

import http.client
import os
import sys
from urllib.parse import urlsplit

SECONDS = 4


def main(port: int = 8000) -> int:
    """0 where /healthz answers 200, else 1 with a sentence."""
    host = urlsplit(os.environ.get("PUBLIC_URL", "http://localhost")).netloc
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        status = connection.getresponse().status
    except OSError as error:
        sys.stderr.write(f"The pages do not answer: {error}\n")
        return 1
    finally:
        connection.close()
    if status != http.client.OK:
        sys.stderr.write(f"/healthz answers {status}: is PUBLIC_URL the same here and there?\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

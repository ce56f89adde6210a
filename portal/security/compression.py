"""Answers go out compressed, by brotli or gzip, as the browser wishes.

Secrets in pages do not stay the same beside text from outside (`portal.security.csrf`). Attached
files go as they are: they are somebody else's content and may be large.
"""

from flask import Flask, Response, request
from flask_compress import Compress

KINDS = [
    "text/html", "text/css", "text/javascript", "text/csv", "image/svg+xml", "application/json",
    "application/x-ndjson",
]  # fmt: skip
AS_THEY_ARE = frozenset({"requests.download"})


class _Compress(Compress):
    def after_request(self, response: Response | None) -> Response:
        if response is not None and request.endpoint in AS_THEY_ARE:
            return response
        if response is not None and response.direct_passthrough and response.status_code == 200:
            # A static file: read whole, for streamed through the compressor it stays open.
            response.direct_passthrough = False
            response.make_sequence()
        return super().after_request(response)


def register(app: Flask) -> None:
    """Compress the answers of the app. To be registered before everything that changes answers."""
    app.config.from_mapping(
        COMPRESS_MIMETYPES=KINDS,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_ALGORITHM_STREAMING=["br", "gzip"],
    )
    _Compress().init_app(app)

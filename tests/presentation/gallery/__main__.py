"""Serve the gallery on http://127.0.0.1:8299."""

from werkzeug.serving import make_server

from tests.presentation.gallery.app import create_gallery

if __name__ == "__main__":
    make_server("127.0.0.1", 8299, create_gallery(), threaded=True).serve_forever()

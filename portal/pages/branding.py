"""What the organisation looks like, as files: its colour as a style sheet, its logo as a picture.

Their addresses hold what they are made of, so that they never go stale.
"""

import re

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from portal.domain.branding import palette
from portal.queries import organisation
from portal.security.guards import ONE_YEAR, public

blueprint = Blueprint("branding", __name__)

COLOUR, DIGEST = re.compile("[0-9a-f]{6}"), re.compile("[0-9a-f]{64}")
SHEET = """:root {{
  --accent: light-dark(#{link}, #{dark_link});
  --accent-fill: light-dark(#{fill}, #{dark_fill});
  --accent-soft: light-dark(#{soft}, #{dark_soft});
}}
"""


@blueprint.get("/branding/<accent>.css")
@public
def style(accent: str) -> ResponseReturnValue:
    """The colours that follow from one; it stands outside all layers, and so above them."""
    if COLOUR.fullmatch(accent) is None:
        abort(404)
    made = palette(accent)
    values = {name: getattr(made, name) for name in made.__slots__}
    return _file(SHEET.format(**values), "text/css; charset=utf-8")


@blueprint.get("/branding/<digest>.png")
@public
def logo(digest: str) -> ResponseReturnValue:
    """A logo that is or was the organisation's."""
    png = organisation.logo(digest) if DIGEST.fullmatch(digest) else None
    return _file(png, "image/png") if png else abort(404)


def _file(content: str | bytes, kind: str) -> ResponseReturnValue:
    response = Response(content, content_type=kind)
    response.headers["Cache-Control"] = ONE_YEAR
    response.add_etag()
    return response.make_conditional(request)

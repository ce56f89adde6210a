"""The organisation's logo: a PNG or SVG becomes a small PNG of ours, and only that is kept."""

import subprocess
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from portal.domain.branding import DARK, WHITE, contrast
from portal.extensions import db
from portal.models import Organisation, OrganisationLogo
from portal.services import logo_drawing
from portal.services.organisation_settings import SettingsMoved, note, row_locked
from portal.translation import _, lazy

MOST_BYTES = 1_000_000
LIMIT_SECONDS = 15
# Below this an edge is not seen; where so many of its dots are not, a logo needs another ground.
FAINT, MANY = 1.8, 0.15
OPAQUE, SAMPLE = 128, 48
REFUSALS = {
    "large": lazy("The picture is larger than 6,000 dots on a side. Save it smaller."),
    "empty": lazy("Nothing can be seen in this picture."),
    "broken": lazy("This picture cannot be read. Save it again as PNG or SVG."),
    "kind": lazy("This file type is not allowed (allowed: PNG, SVG)."),
    "entities": lazy("This SVG defines entities, which are not allowed. Save it as plain SVG."),
    "pictures": lazy("This SVG holds a picture of dots. Upload that as PNG, or use shapes only."),
    "text": lazy("This SVG holds text, which looks different on every machine. Convert it to "
                 "paths, or upload a PNG."),
    "heavy": lazy("This picture takes too long to draw. Save a simpler one."),
}  # fmt: skip


class LogoRefused(Exception):
    """Why a file is no logo; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class SafeLogo:
    """A picture that we wrote. `ground`: the only background on which it can be seen, if any."""

    png: bytes = field(repr=False)
    width: int
    height: int
    ground: str

    @property
    def digest(self) -> str:
        """What it is known by."""
        return sha256(self.png).hexdigest()


def made_safe(content: bytes) -> SafeLogo:
    """The file decoded and written anew, in a process with little memory and time. Raises
    LogoRefused."""
    if len(content) > MOST_BYTES:
        raise LogoRefused(_("The file is larger than 1 MB. Save it smaller."))
    room = [sys.executable, "-I", str(Path(logo_drawing.__file__))]
    try:
        done = subprocess.run(  # noqa: S603 - our own file
            room, input=content, capture_output=True, timeout=LIMIT_SECONDS, check=False, env={}
        )
    except subprocess.TimeoutExpired as error:
        raise LogoRefused(str(REFUSALS["heavy"])) from error
    if done.returncode == logo_drawing.REFUSED:
        raise LogoRefused(str(REFUSALS[done.stdout.decode()]))
    if done.returncode != 0:  # ended by its limits
        raise LogoRefused(str(REFUSALS["heavy"]))
    image = Image.open(BytesIO(done.stdout), formats=["PNG"])
    return SafeLogo(done.stdout, *image.size, ground_of(image))


def ground_of(image: Image.Image) -> str:
    """The background that it needs: "light" or "dark"; "" where it can be seen on both."""
    small = image.convert("RGBA").resize((SAMPLE, SAMPLE))
    raw = small.tobytes()  # red, green, blue and opacity of each dot
    dots = [raw[at : at + 4] for at in range(0, len(raw), 4)]
    seen = [dot[:3].hex() for dot in dots if dot[3] >= OPAQUE]
    if not seen or len(seen) > (1 - MANY / 3) * len(dots):  # it brings its own background
        return ""
    lost = {
        name: sum(contrast(dot, ground) < FAINT for dot in seen) / len(seen)
        for name, ground in (("light", WHITE), ("dark", DARK))
    }
    if max(lost.values()) < MANY:
        return ""
    return min(lost, key=lambda name: lost[name])


def change(logo: SafeLogo | None, seen: str, actor_id: str) -> bool:
    """Show this logo, or none, where the one with the digest `seen` was shown when the form was
    drawn; False if it is so already. Raises SettingsMoved."""
    before, after = row_locked().logo, logo.digest if logo else ""
    if before != after and seen != before:
        db.session.rollback()
        raise SettingsMoved
    if before != after:
        if logo:
            row = {name: getattr(logo, name) for name in ("png", "width", "height", "ground")}
            kept = insert(OrganisationLogo).values(digest=after, **row)
            db.session.execute(kept.on_conflict_do_nothing())
        db.session.execute(update(Organisation).values(logo=after))
        note({"logo": before[:12]}, {"logo": after[:12]}, actor_id)
    db.session.commit()
    return bool(before != after)

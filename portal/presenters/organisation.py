"""The organisation's settings, and changes to them, to departments and to groups, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.domain.branding import (
    DARK_GROUNDS,
    LIGHT_GROUNDS,
    WHITE,
    least_contrast,
    palette,
)
from portal.domain.people.organisation import SETTINGS, OrganisationPart, UnitChangeKind
from portal.queries.organisation import UnitChangeRecord
from portal.translation import _, language_name, lazy, ngettext

PARTS: dict[str, str] = {
    "name": lazy("name"),
    "parent": lazy("part of"),
    "purpose": lazy("purpose"),
    "hides_setup": lazy("setup hidden"),
    "accent": lazy("accent colour"),
    "logo": lazy("logo"),
    "currency": lazy("currency"),
    "calendar_id": lazy("location"),
    "time_zone": lazy("time zone"),
    "locale": lazy("language"),
    "sender_name": lazy("sender name"),
    "mail_footer": lazy("footer of emails"),
    "translations": lazy("translations"),
    "mail_seen": lazy("test email received by"),
    "drafts_days": lazy("days that drafts are kept"),
    "sessions_days": lazy("days that sessions are kept"),
    "notifications_days": lazy("days that notifications are kept"),
    "former_days": lazy("days that personal data of people who left are kept"),
}
TITLES: dict[OrganisationPart, str] = {
    OrganisationPart.NAME: lazy("Name"),
    OrganisationPart.COLOUR: lazy("Accent colour"),
    OrganisationPart.DEFAULTS: lazy("Currency, location and language"),
    OrganisationPart.MAIL: lazy("Sender and footer of emails"),
    OrganisationPart.LANGUAGES: lazy("Sender and footer in other languages"),
    OrganisationPart.RETENTION: lazy("How long things are kept"),
}


@dataclass(frozen=True, slots=True)
class ColourUse:
    """What of the colour is used where. `contrast`: on the ground where it is hardest to read;
    `is_adjusted`: the chosen colour could not be read there."""

    label: str
    colour: str
    contrast: float
    is_adjusted: bool


def colour_uses(accent: str) -> tuple[ColourUse, ...]:
    """Links and buttons in both themes."""
    made = palette(accent)
    uses = (
        (_("Links, light theme"), made.link, (*LIGHT_GROUNDS, made.soft)),
        (_("Links, dark theme"), made.dark_link, (*DARK_GROUNDS, made.dark_soft)),
        (_("Buttons, light theme"), made.fill, (WHITE,)),
        (_("Buttons, dark theme"), made.dark_fill, (WHITE,)),
    )
    return tuple(
        ColourUse(label, colour, least_contrast(colour, grounds), colour != accent)
        for label, colour, grounds in uses
    )


def colour_words(accent: str) -> str:
    """What became of the chosen colour, in a sentence."""
    found = least_contrast(accent, LIGHT_GROUNDS)
    if palette(accent).link == accent:
        return _("#%(colour)s is easy to read in the light theme.", colour=accent)
    return _(
        "#%(colour)s is too light to read on our backgrounds: its contrast is %(found)s to 1, and "
        "4.5 to 1 is needed. Links use the nearest darker colour instead.",
        colour=accent,
        found=f"{found:.1f}",
    )


def spoken_words(settings: Mapping[str, Any]) -> str:
    """Into which languages sender and footer are translated."""
    texts = [settings[name] for name in SETTINGS[OrganisationPart.MAIL] if settings[name]]
    by = settings["translations"]
    codes = sorted({code for text in texts for code in by.get(text, {})})
    return ", ".join(language_name(code) for code in codes)


def days_words(days: int | None) -> str:
    """For how long."""
    return ngettext("%(n)s day", "%(n)s days", days) if days else _("for ever")


def gone_words(gone: Mapping[str, int]) -> tuple[str, ...]:
    """What would be deleted tonight."""
    said = {
        "drafts_days": lambda n: ngettext(
            "%(n)s draft, with its files", "%(n)s drafts, with their files", n
        ),
        "sessions_days": lambda n: ngettext("%(n)s old session", "%(n)s old sessions", n),
        "notifications_days": lambda n: ngettext(
            "%(n)s notification of closed requests, with what was sent of it",
            "%(n)s notifications of closed requests, with what was sent of them",
            n,
        ),
        "former_days": lambda n: ngettext(
            "the personal data of %(n)s person who left",
            "the personal data of %(n)s people who left",
            n,
        ),
    }
    return tuple(said[name](count) for name, count in gone.items() if count)


def moved_words(change: UnitChangeRecord) -> str:
    """What somebody else did while the form was open."""
    return _(
        "%(name)s changed this while you had it open: %(what)s. Save again to replace it with "
        "yours.",
        name=change.actor or _("Somebody"),
        what=_parts(change),
    )


def done(change: UnitChangeRecord) -> str:
    """What was changed, in a line."""
    if change.kind == UnitChangeKind.ADDED:
        return _("Added")
    return _("Changed: %(parts)s", parts=_parts(change))


def _parts(change: UnitChangeRecord) -> str:
    before, after = change.data.get("before", {}), change.data.get("after", {})
    parts = [
        _(
            "%(part)s from %(before)s to %(after)s",
            part=PARTS.get(name, name),
            before=before.get(name) or "–",
            after=value or "–",
        )
        for name, value in after.items()
        if before.get(name) != value
    ]
    return "; ".join(parts)

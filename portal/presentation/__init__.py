"""How things look and read: words, times, money, icons, navigation. Pages are drawn with these."""

from pathlib import Path
from typing import TYPE_CHECKING

from portal.presentation.filters import TYPED, filters, now, zone_words
from portal.presentation.icons import MARK, icon, static_address
from portal.presentation.labels import command_name, mode
from portal.presentation.letters import PRODUCT, letters
from portal.presentation.times import ViewpointSource, utc_viewpoint
from portal.translation import install

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["PRODUCT", "letters", "register"]


def register(app: "Flask", viewpoint: ViewpointSource = utc_viewpoint) -> None:
    """Teach the app's templates the filters and globals. `viewpoint` is asked for every time and
    amount drawn: let it return the same `Viewpoint` through one request (keep it in `flask.g`)."""
    app.jinja_env.filters.update(filters(viewpoint))
    app.jinja_env.globals.update(
        product=PRODUCT,
        typed=TYPED,
        icon=icon,
        mark=MARK,
        mode_words=mode,
        command_name=command_name,
        print_time=now(viewpoint),
        zone_words=zone_words(viewpoint),
        static_url=static_address(
            Path(app.static_folder or "static"), app.static_url_path or "/static", watch=app.debug
        ),
    )
    install(app.jinja_env)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

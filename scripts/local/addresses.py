"""Which port each part gets."""

from dataclasses import asdict, dataclass

from scripts.local.failure import LocalFailure
from scripts.local.installation import Installation
from scripts.local.options import Options
from scripts.local.ports import any_free, insist, is_free, next_free

DEFAULTS = {
    "port": 8000,
    "temporal_port": 7233,
    "temporal_ui_port": 8233,
    "postgres_port": 0,
    "smtp_port": 0,
}
NAMES = {
    "port": "the web pages are",
    "temporal_port": "Temporal is",
    "temporal_ui_port": "Temporal's own pages are",
}


@dataclass(frozen=True)
class Ports:
    """The chosen ports, and a sentence for each that is not the usual one."""

    port: int
    postgres_port: int
    temporal_port: int
    temporal_ui_port: int
    smtp_port: int = 0
    notes: tuple[str, ...] = ()


def choose(options: Options, installation: Installation, started: frozenset[str]) -> Ports:
    """Choose a port for each part in ``started`` (names of options).

    What was given is insisted on; else the last run's, the default, or the next free one.
    Raises LocalFailure where a given port is taken. The choice is remembered.
    """
    last = installation.remembered("ports")
    chosen: dict[str, int] = {}
    notes: list[str] = []
    for name, default in DEFAULTS.items():
        asked: int | None = getattr(options, name)
        if name not in started:
            chosen[name] = default
        elif asked and asked in chosen.values():
            raise LocalFailure(f"Port {asked} was given twice: each part needs one of its own.")
        elif asked:
            chosen[name] = insist(asked, "--" + name.replace("_", "-"))
        elif asked == 0:
            chosen[name] = any_free()
        else:
            taken = frozenset(chosen.values())
            chosen[name] = _usual(int(last.get(name, 0)), default, taken)
            if default and chosen[name] != default and not is_free(default):
                notes.append(f"Port {default} is taken: {NAMES[name]} on {chosen[name]}.")
    ports = Ports(**chosen, notes=tuple(notes))
    kept = {name: port for name, port in asdict(ports).items() if name in started}
    installation.remember("ports", {**last, **kept})
    return ports


def _usual(last: int, default: int, taken: frozenset[int]) -> int:
    for candidate in (last, default):
        if candidate and candidate not in taken and is_free(candidate):
            return candidate
    return next_free(default + 1, taken) if default else any_free()

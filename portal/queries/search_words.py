"""What the words of a search name beside texts: types, fields and options, as the reader reads them
and as they were written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import select

from portal.domain.folding import folded
from portal.domain.policy.forms import FormField, answerable
from portal.extensions import Question, db
from portal.models import PolicyVersion, RequestType
from portal.queries import own_texts
from portal.queries.history_statements import Filters, tsquery, words_in
from portal.translation import reader_code, to_a_program

SHORTEST_NAME = 3
MOST_OPTIONS = 20
_VERSIONS = Question(
    select(
        PolicyVersion.id, RequestType.code, RequestType.name, RequestType.policy_version_id
    ).join(RequestType, RequestType.id == PolicyVersion.request_type_id)
)


@dataclass(frozen=True, slots=True)
class Named:
    """What a version calls things: the words of its fields' labels, and those of each option's with
    the value that requests keep."""

    fields: frozenset[frozenset[str]]
    options: tuple[tuple[frozenset[str], str], ...]


_named: dict[tuple[str, str | None], Named] = {}


@dataclass(frozen=True, slots=True)
class SearchWords:
    """The words of a search, read once. `types`: the words of each type's names by code, `named`:
    what its versions call things."""

    text: str
    words: tuple[str, ...]
    types: dict[str, list[frozenset[str]]]
    named: dict[str, list[Named]]

    @property
    def query(self) -> str | None:
        """Every word as the beginning of one in the texts, or of an option's label."""
        return tsquery(self.text, self._options)

    def _options(self, word: str) -> Iterator[str]:
        start = folded(word)
        if len(start) < SHORTEST_NAME:
            return
        found: dict[str, None] = {}
        for each in (each for versions in self.named.values() for each in versions):
            for label, value in each.options:
                if any(one.startswith(start) for one in label) and value not in found:
                    found[value] = None
                    if len(found) <= MOST_OPTIONS:
                        yield value

    def of_types(self) -> list[Filters]:
        """What to look for where words name a type, all of its name: its requests that hold the
        other words. Of several types those that more words name."""
        said = {code: self._said(names) for code, names in self.types.items()}
        return self._filters(said, with_rest=False)

    def of_fields(self, *, with_rest: bool) -> list[Filters]:
        """The same where words name fields of a type: with other words beside, or without any."""
        labels = {
            code: self._said({label for each in versions for label in each.fields})
            for code, versions in self.named.items()
        }
        found = self._filters(labels, with_rest=with_rest)
        return [each for each in found if bool(each.text) is with_rest]

    def _said(self, names: Iterable[frozenset[str]]) -> frozenset[str]:
        words = frozenset(self.words)
        return frozenset().union(*(name for name in names if name and name <= words))

    def _filters(self, said: dict[str, frozenset[str]], *, with_rest: bool) -> list[Filters]:
        most = max(map(len, said.values()), default=0)
        rest = {
            code: " ".join(word for word in self.words if word not in named)
            for code, named in said.items()
            if most and (with_rest or len(named) == most) and named
        }
        return [
            Filters(text=text, type_code=code, query=tsquery(text, self._options))
            for code, text in rest.items()
        ]


def read(text: str) -> SearchWords:
    """The words of a search, with what they may name."""
    rows = _VERSIONS.ask(db.session.connection(), {})
    names: dict[str, list[frozenset[str]]] = {}
    named: dict[str, list[Named]] = {}
    calls = _calls([row.id for row in rows])
    for row in rows:
        named.setdefault(row.code, []).append(calls[row.id])
        if row.id == row.policy_version_id:
            told = own_texts.told(row.id, row.name)
            names[row.code] = [_words(each) for each in dict.fromkeys((told, row.name))]
    return SearchWords(text, tuple(map(folded, words_in(text))), names, named)


def query_of(text: str) -> str | None:
    """The query of a filter's text, as a search reads its words."""
    return read(text).query if text else None


def _calls(version_ids: list[str]) -> dict[str, Named]:
    """What versions call things; a published version never changes, so each is read once."""
    code = reader_code()
    lacking = [each for each in version_ids if (each, code) not in _named]
    if lacking:
        with to_a_program():
            written = own_texts.forms_of(lacking)
        for key, form in own_texts.forms_of(lacking).items():
            _named[key, code] = _named_by((*form, *written[key]))
    return {each: _named[each, code] for each in version_ids}


def _named_by(form: Iterable[FormField]) -> Named:
    fields = [each for field in answerable(form) for each in (field, *field.columns)]
    options = ((_words(one.label), one.value) for each in fields for one in each.choices)
    return Named(frozenset(_words(each.label) for each in fields), tuple(dict.fromkeys(options)))


def _words(text: str) -> frozenset[str]:
    return frozenset(map(folded, words_in(text)))

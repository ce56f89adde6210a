"""The demonstration's request types: files such as administrators export and import, and beside
them what a file does not say."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.demo.organisation import DATA, PEOPLE, read
from portal.domain.policy.forms import FormField
from portal.domain.policy.policy import Policy
from portal.domain.policy.translations import Translations
from portal.presentation.conditions import with_sentences
from portal.services import type_files


@dataclass(frozen=True, kw_only=True)
class DemoType:
    """A request type as the demonstration loads it."""

    code: str
    name: str
    prefix: str
    description: str
    form: tuple[FormField, ...]
    policy: Policy
    translations: Translations
    workflow: str = "approval"
    priority: str = "MEDIUM"
    module: str = ""


def all_types(ids: Mapping[str, str]) -> tuple[DemoType, ...]:
    """The types in their order; `ids` gives a person's id for their key."""
    return tuple(_type(each, ids) for each in read("request_types")["types"])


def _type(more: Mapping[str, str], ids: Mapping[str, str]) -> DemoType:
    path = DATA / "types" / f"{more['code']}.yaml"
    file = type_files.read(path.read_text(encoding="utf-8"))
    addresses = {each.email.lower(): ids[each.key] for each in PEOPLE}
    content = with_sentences(type_files.with_ids(file.content, addresses), {}, {})
    return DemoType(
        name=content.name,
        prefix=file.prefix,
        description=content.description,
        form=content.form,
        policy=content.policy,
        translations=content.translations,
        **more,
    )

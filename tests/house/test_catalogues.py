"""Translations: none that cannot be right, and none missing of a language that is complete."""

import pytest

from portal.translation import SHIPPED
from scripts.local.catalogues import codes, missing, wrong


@pytest.mark.parametrize("code", codes())
def test_no_translation_is_wrong(code: str) -> None:
    assert list(wrong(code)) == []


def test_a_language_that_is_complete_lacks_nothing() -> None:
    assert {code: list(missing(code)) for code in SHIPPED if list(missing(code))} == {}

"""Whatever colour an organisation has, what is written in it can be read."""

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.branding import (
    DARK,
    DARK_GROUNDS,
    LIGHT_GROUNDS,
    MARK,
    OURS,
    TEXT,
    WHITE,
    contrast,
    least_contrast,
    palette,
    read_colour,
)

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"{number:06x}")


@given(COLOURS)
def test_links_and_buttons_can_be_read_in_both_themes(colour: str) -> None:
    made = palette(colour)
    assert least_contrast(made.link, (*LIGHT_GROUNDS, made.soft)) >= TEXT
    assert least_contrast(made.dark_link, (*DARK_GROUNDS, made.dark_soft)) >= TEXT
    assert contrast(WHITE, made.fill) >= TEXT
    assert contrast(WHITE, made.dark_fill) >= TEXT
    assert contrast(made.dark_fill, DARK) >= MARK
    assert contrast("1b1c1e", made.soft) >= TEXT
    assert contrast("e9e9e6", made.dark_soft) >= TEXT


@given(COLOURS)
def test_what_can_be_read_stays_as_it_is(colour: str) -> None:
    assert (palette(colour).fill == colour) is (contrast(WHITE, colour) >= TEXT)


def test_our_own_colour_is_what_the_style_sheet_has() -> None:
    made = palette(OURS)
    assert least_contrast(made.link, (*LIGHT_GROUNDS, made.soft)) >= TEXT
    assert least_contrast(made.dark_link, (*DARK_GROUNDS, made.dark_soft)) >= TEXT


def test_contrast_is_that_of_the_guideline() -> None:
    assert contrast("000000", "ffffff") == 21
    assert round(contrast("777777", "ffffff"), 2) == 4.48


@given(COLOURS)
def test_a_colour_is_read_as_it_is_usually_written(colour: str) -> None:
    assert read_colour(f" #{colour.upper()} ") == read_colour(colour) == colour


def test_anything_else_is_no_colour() -> None:
    assert read_colour("#AbC") == "aabbcc"
    assert [read_colour(each) for each in ("", "red", "#12345", "#gggggg", "1" * 400, "\x00")] == [
        None
    ] * 6

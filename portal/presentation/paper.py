"""Pages on paper: an A4 document as PDF, with fonts that are embedded in it.

Text is shaped and ordered by its own direction, so that Arabic and German stand beside each other.
What the fonts do not have is drawn as an empty box.
"""

import logging
from collections.abc import Container, Iterable, Iterator, Sequence
from importlib.resources import as_file, files
from unicodedata import bidirectional, category

from fpdf import FPDF
from fpdf.fonts import TTFFont

from portal.translation import _, current, tag

FONT = "DejaVu"
FILES = {"": "DejaVuSansCondensed.ttf", "B": "DejaVuSansCondensed-Bold.ttf"}
MARGIN, BOTTOM = 16.0, 18.0  # millimetres
# Sizes in points, and how high a line is in millimetres.
TITLE, HEADING, BODY, SMALL = (15, 7.0), (11, 5.6), (9, 4.5), (7.5, 3.7)
INK, MUTED, RULE, SHADE = (23, 27, 34), (92, 100, 112), (205, 210, 217), (243, 245, 247)
PAD = 1.2
# From here on letters may combine or run from right to left; these classes of Unicode do not.
FIRST_SHAPED = 0x300
BOX = "□"
PLACED = {"L", "ON", "ES", "ET", "CS", "EN", "WS", "BN"}
# A row that is higher is cut at the page's end rather than moved to the next page.
KEPT_WHOLE = 60.0
# What else fonttools tells of each font, which nobody reads.
for _name in ("fontTools", "fpdf"):
    logging.getLogger(_name).setLevel(logging.ERROR)


class _Sheet(FPDF):
    """The page with its foot."""

    foot = ""

    def footer(self) -> None:
        """What it is, and which page of how many."""
        self.set_y(-BOTTOM + 5)
        self.set_font(FONT, "", SMALL[0])
        self.set_text_color(*MUTED)
        width = self.epw - 40
        self.cell(width, SMALL[1], _fitting(self, self.foot, width), align="L")
        pages = _("Page %(page)s of %(pages)s", page=self.page_no(), pages="{nb}")
        self.cell(40, SMALL[1], pages, align="R")


class Paper:
    """An A4 document that is written from top to bottom."""

    def __init__(self, title: str, foot: str, *, landscape: bool = False) -> None:
        self._pdf = _Sheet(orientation="L" if landscape else "P", format="A4")
        self._pdf.set_title(title)
        self._pdf.set_lang(tag(current().code))
        folder = files("portal.presentation").joinpath("fonts")
        for style, name in FILES.items():
            with as_file(folder.joinpath(name)) as path:
                self._pdf.add_font(FONT, style, path)
        font = self._pdf.fonts[FONT.lower()]
        assert isinstance(font, TTFFont)
        self._drawn = font.cmap
        self._pdf.foot = _plain(foot, self._drawn)
        self._known: dict[tuple[str, float], dict[str, float]] = {}
        self._pdf.set_margins(MARGIN, MARGIN, MARGIN)
        self._pdf.set_auto_page_break(False)
        self._pdf.set_draw_color(*RULE)
        self._pdf.add_page()
        self._write(title, "B", TITLE)
        self._pdf.ln(1.5)

    def body(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def heading(self, text: str) -> None:
        """A heading, with room for something below it."""
        self._pdf.ln(4)
        self._need(HEADING[1] + 4 * BODY[1])
        self._write(text, "B", HEADING)
        self._pdf.ln(1)

    def text(self, text: str) -> None:
        """A paragraph."""
        self._write(text, "", BODY)
        self._pdf.ln(1)

    def points(self, texts: Iterable[str]) -> None:
        """Sentences with a bullet before each."""
        for each in texts:
            self._need(BODY[1])
            top = self._pdf.get_y()
            self._font("", BODY)
            self._cell(MARGIN, top, 5, "•", "L")
            self._write(each, "", BODY, indent=4)
        self._pdf.ln(1)

    def facts(self, facts: Iterable[tuple[str, str]], label: float = 38) -> None:
        """Names and what they say, a line for each."""
        rows = [facts_row for facts_row in facts if facts_row[1]]
        rest = self._pdf.epw - label
        for row in rows:
            self._row(row, (label, rest), ("B", ""), BODY, ())
        self._pdf.ln(1)

    def table(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], shares: Sequence[float]
    ) -> None:
        """A table whose head is repeated on each page; `shares` of the width for each column."""
        widths = [self._pdf.epw * share / sum(shares) for share in shares]
        self._need(8 * SMALL[1])
        self._head(head, widths)
        for row in rows:
            self._row(row, widths, [""] * len(widths), SMALL, head)
        self._pdf.ln(1)

    def _head(self, head: Sequence[str], widths: Sequence[float]) -> None:
        if head:
            self._row(head, widths, ["B"] * len(widths), SMALL, (), shade=True)

    def _row(
        self,
        cells: Sequence[str],
        widths: Sequence[float],
        styles: Sequence[str],
        size: tuple[float, float],
        head: Sequence[str],
        *,
        shade: bool = False,
    ) -> None:
        """A row, which goes on with the next page where it does not end on this one."""
        pdf, line = self._pdf, size[1]
        left = [
            self._lines(cell, width - 2 * PAD, style, size)
            for cell, width, style in zip(cells, widths, styles, strict=True)
        ]
        height = max(map(len, left)) * line + 2 * PAD
        if height <= KEPT_WHOLE and pdf.get_y() + height > self._end:
            self._turn(head, widths)
        while any(left):
            room = int((self._end - pdf.get_y() - 2 * PAD) // line)
            if room < 1:
                self._turn(head, widths)
                continue
            now, left = [each[:room] for each in left], [each[room:] for each in left]
            self._draw(now, widths, styles, size, shade=shade)

    def _draw(
        self,
        cells: Sequence[Sequence[str]],
        widths: Sequence[float],
        styles: Sequence[str],
        size: tuple[float, float],
        *,
        shade: bool,
    ) -> None:
        pdf, top, x = self._pdf, self._pdf.get_y(), MARGIN
        height = max(map(len, cells)) * size[1] + 2 * PAD
        if shade:
            pdf.set_fill_color(*SHADE)
            pdf.rect(MARGIN, top, pdf.epw, height, style="F")
        for lines, width, style in zip(cells, widths, styles, strict=True):
            self._font(style, size)
            for place, text in enumerate(lines):
                y = top + PAD + place * size[1]
                self._cell(x + PAD, y, width - 2 * PAD, text, _side(text), size[1])
            x += width
        pdf.line(MARGIN, top + height, MARGIN + pdf.epw, top + height)
        pdf.set_xy(MARGIN, top + height)

    def _turn(self, head: Sequence[str], widths: Sequence[float]) -> None:
        self._pdf.add_page()
        self._head(head, widths)

    @property
    def _end(self) -> float:
        return float(self._pdf.h - BOTTOM)

    def _need(self, height: float) -> None:
        if self._pdf.get_y() + height > self._end:
            self._pdf.add_page()

    def _font(self, style: str, size: tuple[float, float]) -> None:
        self._pdf.set_font(FONT, style, size[0])
        self._pdf.set_text_color(*INK)

    def _lines(
        self, text: str, width: float, style: str, size: tuple[float, float]
    ) -> Sequence[str]:
        """The text in lines that fit, broken between words, and within those that are too long."""
        self._font(style, size)
        found, space = [], self._width(" ")
        for paragraph in _plain(text, self._drawn).splitlines():
            line, wide = "", 0.0
            for word in paragraph.split(" "):
                longer = wide + space * bool(line) + (own := self._width(word))
                if longer <= width:
                    line, wide = (f"{line} {word}" if line else word), longer
                    continue
                if line:
                    found.append(line)
                *full, line = self._pieces(word, width) if own > width else (word,)
                wide = self._width(line) if full else own
                found += full
            found.append(line)
        return found

    def _pieces(self, word: str, width: float) -> Iterator[str]:
        """A word in pieces that fit."""
        while self._width(word) > width and len(word) > 1:
            low, high = 1, len(word)
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if self._width(word[:middle]) <= width else (low, middle)
            yield word[:low]
            word = word[low:]
        yield word

    def _width(self, text: str) -> float:
        known = self._known.setdefault((self._pdf.font_style, self._pdf.font_size_pt), {})
        if text.isascii() or not _is_shaped(text):
            return sum(known.get(each) or self._measure(each, known) for each in text)
        if text not in known:
            self._pdf.set_text_shaping(True)
            known[text] = float(self._pdf.get_string_width(text))
        return known[text]

    def _measure(self, character: str, known: dict[str, float]) -> float:
        self._pdf.set_text_shaping(False)
        known[character] = float(self._pdf.get_string_width(character))
        return known[character]

    def _write(self, text: str, style: str, size: tuple[float, float], indent: float = 0) -> None:
        width = self._pdf.epw - indent
        for line in self._lines(text, width, style, size):
            self._need(size[1])
            self._font(style, size)
            self._cell(MARGIN + indent, self._pdf.get_y(), width, line, _side(line), size[1])
            self._pdf.set_xy(MARGIN, self._pdf.get_y() + size[1])

    def _cell(
        self, x: float, y: float, width: float, text: str, side: str, height: float = BODY[1]
    ) -> None:
        """Draw a line. To shape one takes long, so what needs no shaping is only put down."""
        pdf = self._pdf
        if text.isascii() or not _is_shaped(text):
            pdf.set_text_shaping(False)
            pdf.text(x, y + height / 2 + pdf.font_size * 0.35, text)
            return
        pdf.set_text_shaping(True)
        pdf.set_xy(x, y)
        margin, pdf.c_margin = pdf.c_margin, 0
        pdf.cell(width, height, text, align=side)
        pdf.c_margin = margin
        pdf.set_xy(x, y)


def _is_shaped(text: str) -> bool:
    """Whether letters of the text join, stand from right to left or on top of each other."""
    return any(ord(each) >= FIRST_SHAPED and bidirectional(each) not in PLACED for each in text)


def _plain(text: str, drawn: Container[int]) -> str:
    """The text without controls, and with a box for whatever the font cannot draw."""
    text = text.replace("\r\n", "\n").replace("\t", " ")
    return "".join(
        each if each == "\n" or ord(each) in drawn else BOX
        for each in text
        if each == "\n" or category(each) not in ("Cc", "Cf", "Mn") or ord(each) in drawn
    )


def _side(text: str) -> str:
    """The side that a line begins at: by its first letter that has a direction."""
    strong = (bidirectional(each) for each in text)
    first = next((each for each in strong if each in ("L", "R", "AL")), "L")
    return "L" if first == "L" else "R"


def _fitting(pdf: FPDF, text: str, width: float) -> str:
    if pdf.get_string_width(text) <= width:
        return text
    while text and pdf.get_string_width(text + "…") > width:
        text = text[:-1]
    return text + "…"

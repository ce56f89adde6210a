"""Text that a spreadsheet would take for a formula."""

import unicodedata

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@")
CONTROLS = ("\t", "\r", "\n", "\x00")
# Categories of characters that nobody sees: controls, formats, spaces, marks without a letter.
UNSEEN = frozenset({"Cc", "Cf", "Mn", "Zl", "Zp", "Zs"})


def harmless(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would calculate.

    Some drop what cannot be seen, and some read full-width signs as plain ones.
    """
    seen = next((each for each in text if unicodedata.category(each) not in UNSEEN), "")
    is_formula = unicodedata.normalize("NFKC", seen).startswith(FORMULA_STARTS)
    return f"'{text}" if is_formula or text.lstrip(" ").startswith(CONTROLS) else text

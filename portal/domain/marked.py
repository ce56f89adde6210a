"""Texts of the domain: written in English, translated where they are shown."""


def msgid(text: str) -> str:
    """Mark a text for the catalogues of translations; it stays as it is."""
    return text

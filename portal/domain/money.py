"""How many digits a currency has after the point: what turns written amounts into minor units."""

# ISO 4217, table A.1, column "minor unit": all others have two digits.
_WITHOUT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
_DIGITS = dict.fromkeys(_WITHOUT.split(), 0) | dict.fromkeys(_WITH_THREE.split(), 3)


def decimals(currency: str) -> int:
    """How many digits follow the point in that currency: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _DIGITS.get(currency.upper(), 2)

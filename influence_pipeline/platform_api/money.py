"""Amounts as the API takes them: decimal strings with the digits of their currency (ISO 4217).

From the database to the wire an amount is a Decimal, never a float.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

# ISO 4217, list one, active codes (2026). Fund and metal codes (XAU, CHE, …) are no shop's money;
# but some shops price in the units of account CLF and UYW, the only codes with four digits.
_TWO_DIGITS = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR
MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG
SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES
WST XAD XCD XCG YER ZAR ZMW ZWG
ANG BGN HRK SLL ZWL
"""
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DIGITS = "CLF UYW"

DIGITS: dict[str, int] = {
    **dict.fromkeys(_TWO_DIGITS.split(), 2),
    **dict.fromkeys(_NO_DIGITS.split(), 0),
    **dict.fromkeys(_THREE_DIGITS.split(), 3),
    **dict.fromkeys(_FOUR_DIGITS.split(), 4),
}

# Larger than any order; guards the exact arithmetic and the API against nonsense.
_LIMIT = Decimal(10) ** 18


class AmountError(ValueError):
    """An amount that is no amount of money; the message says why, without the amount."""


def format_amount(amount: Decimal, currency: str) -> str:
    """Write an amount in major units with its currency's digits: 19.9 EUR is "19.90".

    More digits than the currency has (a net price of 8.4033) are rounded half up, as on a receipt.
    Raises AmountError for NaN, infinity, absurd sizes or a currency that is not in ISO 4217.
    """
    digits = DIGITS.get(currency)
    if digits is None:
        raise AmountError("its currency is not a code of ISO 4217")
    if not amount.is_finite():
        raise AmountError("it is not a number (NaN or infinity)")
    if abs(amount) >= _LIMIT:
        raise AmountError("it is absurdly large")
    with localcontext() as context:
        context.prec = 60
        rounded = amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return f"{rounded if rounded else abs(rounded):f}"

"""What a store's own words for the state of an order may mean: a guess each, and always to check.

A word that is not known is guessed as pending, because pending gives no points.
"""

from __future__ import annotations

from influence_pipeline.store.draft.words import is_said, tokens

# In this order: "partially refunded" before "refunded", "unpaid" before "paid".
_GUESSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("not an order", ("draft", "cart", "basket", "warenkorb", "panier", "carrito", "trash",
                      "quote", "angebot", "entwurf", "adding+item", "arranging", "template")),
    ("pending", ("unpaid", "not+paid", "unbezahlt", "impaye", "offen", "nicht+bezahlt",
                 "no+pagado")),
    ("partially_refunded", ("partial+refund", "partly+refund", "teilerstattet", "teil+erstattet",
                            "partial+rembours", "teilweise+erstattet", "part+refund")),
    ("partially_paid", ("partial+paid", "partly+paid", "partial+captur", "teilbezahlt", "partial",
                        "teilweise+bezahlt", "anzahlung", "deposit", "partial+payment")),
    ("refunded", ("refund", "erstattet", "rembours", "reembols", "rimbors", "returned",
                  "chargeback", "terugbetaald", "gutgeschrieben", "retour", "charged+back",
                  "rueckerstattet")),
    ("expired", ("expired", "abgelaufen", "expire", "vencido", "scaduto", "verlopen")),
    ("voided", ("cancel", "canceled", "cancelled", "storniert", "storno", "annul", "void", "voided",
                "declined", "failed", "rejected", "abandoned", "abgebrochen", "abgelehnt", "error",
                "geannuleerd", "fehlgeschlagen", "denied")),
    ("authorized", ("authorized", "authorised", "autorisiert", "reserved", "autorise", "reserviert",
                    "autorizado", "preauthorized")),
    ("pending", ("pending", "open", "new", "neu", "await", "awaiting", "wait", "waiting", "hold",
                 "none", "attente", "pendiente", "created", "placed", "pendente", "unfulfilled",
                 "unconfirmed", "confirmed", "bestaetigt", "offen", "ausstehend", "received",
                 "eingegangen", "wartend", "en+cours", "in+bearbeitung")),
    ("paid", ("paid", "captured", "settled", "bezahlt", "paye", "pagado", "pagato", "betaald",
              "pago", "betalt", "success", "succeeded", "successful", "overcharged", "full",
              "charged", "gezahlt", "beglichen", "zaplacone")),
)  # fmt: skip
# Words about the goods. They are taken for paid, as most stores ship what is paid; some do not.
_GOODS = ("complete", "completed", "shipped", "delivered", "fulfilled", "processing", "versendet",
          "versandt", "zugestellt", "abgeschlossen", "erledigt", "done", "closed", "sent",
          "expedie", "livre", "enviado", "entregado", "spedito", "consegnato", "fertig", "finished",
          "geliefert", "picked", "packed", "termine", "completado", "verzonden")  # fmt: skip


def guess(value: str) -> tuple[str, str | None]:
    """Give a financial status, or "not an order", and a doubt where there is one."""
    words = tokens(value)
    goods = any(is_said(word, stem) for word in words for stem in _GOODS)
    for status, patterns in _GUESSES:
        for pattern in patterns:
            if pattern == "partial" and goods:
                continue
            if all(any(_says(word, stem) for word in words) for stem in pattern.split("+")):
                return status, None
    if goods:
        return "paid", "it tells of the goods; is it paid by then?"
    return "pending", "not a word that is known here"


def _says(word: str, stem: str) -> bool:
    return word == stem or (len(stem) >= 6 and stem in word) or is_said(word, stem)

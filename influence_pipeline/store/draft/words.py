"""Words that stores call things by, in the usual dialects and languages of shops.

A name is cut into tokens ("orderPlacedAt": order, placed, at), freed of accents and plurals, and
held against stems. A stem of five letters and more is also found inside a compound
("Bestellpositionen"); a shorter one must be a token of its own.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
)


@lru_cache(maxsize=100_000)
def tokens(name: str) -> tuple[str, ...]:
    """Cut a name into lower-case tokens without accents: "Kunden_Straße" gives kunden, strasse."""
    plain = unicodedata.normalize("NFKD", name.translate(_UMLAUTS))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return tuple(found.lower() for found in _TOKEN.findall(plain))


@lru_cache(maxsize=100_000)
def singular(token: str) -> str:
    """A token without a plural's ending, as far as that can be told without a dictionary."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch")):
        if token.endswith(ending) and len(token) > len(ending) + 1:
            return token[: -len(ending)] + instead
    if token.endswith("s") and not token.endswith(("ss", "us", "is")) and len(token) > 3:
        return token[:-1]
    return token


def is_said(token: str, stem: str) -> bool:
    """Whether a token means what the stem does."""
    if token == stem or singular(token) == stem:
        return True
    return len(stem) >= 5 and stem in token


def word_list(text: str) -> tuple[str, ...]:
    """Words as they are written here: with spaces between them."""
    return tuple(text.split())


# What a table may hold. English, German, French, Spanish, Italian, Portuguese, Dutch, the Nordic
# languages, Polish.
CONCEPTS: dict[str, tuple[str, ...]] = {
    "customer": word_list(
        "customer partner user member client buyer shopper person people account subscriber patron "
        "kunde kunden kaeufer utilisateur cliente usuario acheteur klant kund kunder klient "
        "persona asiakas medlem cust"
    ),
    "order": word_list(
        "order sale purchase receipt bestell auftrag auftraeg commande pedido ordine ordini "
        "orden ordre zamowien tilaus ordr beleg encomenda achat venta vendita compra facture "
        "faktur invoice rechnung"
    ),
    "line": word_list(
        "item line detail entry position posten zeile ligne linea riga regel pozycja rivi "
        "linha lineitem orderline orderitem saleitem salesline"
    ),
    "payment": word_list(
        "payment transaction charge capture zahlung paiement pago pagamento betaling "
        "betalning platnosc maksu money settlement ledger"
    ),
    "refund": word_list(
        "refund chargeback erstatt rueckzahl gutschrift remboursement reembolso rimborso "
        "terugbetal creditmemo creditnote zwrot aterbetal reversal return retour"
    ),
    "discount": word_list(
        "discount rabatt remise descuento sconto korting desconto adjustment reduction "
        "nachlass rabat alennus"
    ),
    "product": word_list(
        "product article artikel produkt produit producto prodotto produto ware good tuote "
        "towar articolo articulo artigo merchandise book"
    ),
    "variant": word_list(
        "variant sku size option ausfuehrung variante declinaison groesse variation taille edition "
        "talla taglia"
    ),
    "coupon": word_list(
        "coupon voucher promo promotion promocode gutschein bon cupon buono kortingscode "
        "cupom bono rabattcode couponcode giftcode kupon gift+code discount+code"
    ),
}
# What stands beside the things above and is none of them.
NOISE = word_list(
    "checkout history log audit archive tmp temp backup old session cart quote basket "
    "wishlist address adresse group tag translation meta setting permission token job "
    "migration event image picture category tax shipping shipment fulfillment fulfilment "
    "delivery review rating note comment index cache queue search state status type attribute "
    "warehouse stock inventory media photo role template rule content page post menu "
    "notification newsletter message mail export import report statistic stat collection "
    "channel zone region country currency language locale price pricelist supplier vendor "
    "provider webhook oauth api device login password verlauf protokoll warenkorb panier "
    "carrito carrello kategorie versand lieferung lager mwst steuer sprache preis document "
    "file attachment draft entwurf"
)

# What a column may hold, by its name: sets of stems, each of which must be among its tokens. The
# first that fits says how sure it is; tokens that are not asked for make it less sure.
FIELDS: dict[str, tuple[str, ...]] = {
    "email": word_list(
        "email+address mail+address email e+mail mail mailadresse emailaddress courriel correo "
        "login+mail"
    ),
    "first_name": word_list(
        "first+name firstname given+name givenname vorname prenom nombre nome fname forename "
        "voornaam fornavn fornamn imie first"
    ),
    "last_name": word_list(
        "last+name lastname family+name familyname surname nachname apellido apellidos "
        "cognome lname achternaam sobrenome efternamn etternavn nazwisko last nom"
    ),
    "full_name": word_list("full+name fullname display+name displayname name nom kundenname"),
    "phone": word_list(
        "phone telephone telefon mobile handy tel telefono telefone portable gsm puhelin cell"
    ),
    "birthday": word_list(
        "birthday birth+date birthdate date+birth dob born geburtstag geburtsdatum naissance "
        "nacimiento nascita nascimento geboortedatum geboren foedelsedatum urodzen"
    ),
    "created": word_list(
        "created create+date creation created+at creado cree erstellt angelegt inserted "
        "registered registration joined join+date signup registriert date+joined date+add "
        "opprettet skapad angemeldet creacion creazione aangemaakt utworzon add+date first+seen "
        "catalogued listed+at added"
    ),
    "placed": word_list(
        "placed ordered order+date orderdate purchased purchase+date bought sold "
        "completed+checkout bestelldatum bestellt bestelltam kaufdatum auftragsdatum "
        "date+commande fecha+pedido fecha data+ordine orderdatum sold+on submitted booked "
        "belegdatum post+date date+order order+time aufdat beldat bestdat datum"
    ),
    "completed": word_list("completed completed+at checkout+at finished+at"),
    "updated": word_list("updated modified changed geaendert aktualisiert actualizado modifie"),
    "deleted": word_list(
        "deleted removed geloescht supprime eliminado left ausgetreten archived erased "
        "withdrawn discontinued"
    ),
    "total": word_list(
        "grand+total total+gross total+amount total+price amount+total total order+total sum "
        "total+paid gesamt gesamtbetrag gesamtsumme gesamtpreis summe betrag bruttobetrag "
        "brutto montant+total importe totale montant amount importo bedrag belop betalat "
        "kwota gross cent cents due"
    ),
    "subtotal": word_list(
        "subtotal sub+total items+total zwischensumme sous+total net+total warenwert "
        "subtotale netto goods"
    ),
    "discount_total": word_list(
        "discount+total total+discount discount+amount discount rabatt remise descuento "
        "sconto korting nachlass rabattbetrag desconto rebate"
    ),
    "currency": word_list(
        "currency+code currency waehrung devise moneda valuta moeda curr iso+currency monnaie "
        "waluta"
    ),
    "payment_status": word_list(
        "payment+status payment+state financial+status paid+status charge+status zahlstatus "
        "zahlungsstatus statut+paiement estado+pago payment+stat"
    ),
    "status": word_list(
        "status state statut estado stato zustand stand order+status bestellstatus stav tila "
        "situacao post+status"
    ),
    "paid": word_list(
        "paid bezahlt paye pagado pagato betaald betalt paid+at paid+on settled bezahltam captured"
    ),
    "paid_amount": word_list(
        "amount+paid paid+amount total+paid captured+amount paid+total bezahlter"
    ),
    "refunded_amount": word_list(
        "refunded+amount amount+refunded total+refunded refund+total refunded refund+amount "
        "erstattet erstattungsbetrag rembourse"
    ),
    "cancelled": word_list(
        "cancelled canceled storniert storno annule annulee cancelado annullato geannuleerd "
        "voided cancelled+at void annullert"
    ),
    "number": word_list(
        "number order+number display+id order+no increment+id reference bestellnummer "
        "bestellnr auftragsnummer auftragsnr belegnr numero nummer nr no code order+code "
        "invoice+number ref"
    ),
    "quantity": word_list(
        "quantity qty quantity+ordered qty+ordered menge anzahl quantite cantidad quantita "
        "aantal antal pieces count stueck units quantidade ilosc product+qty copies seats tickets"
    ),
    "unit_price": word_list(
        "unit+price price+unit price+each cents+each price einzelpreis stueckpreis preis "
        "prix+unitaire prix precio prezzo prijs pris preco cena unit+amount amount cost each"
    ),
    "line_total": word_list(
        "line+total row+total total total+price gesamtpreis zeilensumme amount"
    ),
    "title": word_list(
        "title product+name item+name article+name name label bezeichnung bez artikelname titel "
        "libelle nombre titolo headline titre nome naam nazwa namn navn descr description "
        "beschreibung designation"
    ),
    "sku": word_list(
        "sku article+number artikelnummer artikelnr item+number product+code ean reference "
        "mpn code referencia"
    ),
    "url": word_list("url slug handle permalink url+key path link"),
    "image": word_list(
        "image+url image cover+url thumbnail picture photo bild bildurl foto img imagen immagine "
        "afbeelding"
    ),
    "active": word_list(
        "active enabled is+active published visible on+sale aktiv actif activo attivo actief "
        "available online sichtbar listed"
    ),
    "position": word_list(
        "position sort+order sort rank place ordinal sequence seq reihenfolge sortierung "
        "ordre orden"
    ),
    "size_title": word_list(
        "size title name option+name variant+name groesse taille talla label color colour farbe "
        "binding format condition grade"
    ),
    "code": word_list(
        "coupon+code voucher+code promo+code discount+code code gutscheincode gutschein "
        "coupon voucher promotion+code cupon"
    ),
    "amount": word_list(
        "amount value sum total betrag wert summe montant importe valor price cents"
    ),
    "kind": word_list(
        "kind type typ transaction+type kategorie art action operation movement vorgang"
    ),
    "percent": word_list("percent percentage prozent pct rate pourcentage porcentaje"),
    "expires": word_list(
        "expires expiry expiration valid+until valid+to ends ends+at gueltig+bis gueltigbis "
        "ablauf fin validez date+end end+date"
    ),
    "usage_limit": word_list("usage+limit uses+left max+uses limit uses max+usage limite"),
    "guest": word_list("guest is+guest gast invite anonymous"),
    "staff": word_list("staff is+staff admin is+admin employee mitarbeiter"),
}
# Tokens that say nothing of what a column holds.
_FILLERS = frozenset(
    {"at", "on", "is", "the", "of", "date", "time", "timestamp", "ts", "de", "du", "am", "um", "la"}
    | {"minor"}
)
_GROSS = frozenset({"incl", "inc", "including", "gross", "brutto", "ttc"})
_TAXES = frozenset({"tax", "vat", "mwst", "taxes"})
# Tokens that say that a column names a row of another table.
ID_WORDS = frozenset(
    {"id", "ids", "no", "nr", "num", "number", "nummer", "key", "ref", "fk", "uuid", "guid"}
    | {"code", "uid", "pk"}
)


@lru_cache(maxsize=100_000)
def concepts_of(name: str) -> frozenset[str]:
    """What a table's name says that it holds."""
    return frozenset(
        concept
        for concept, stems in CONCEPTS.items()
        if any(
            all(any(is_said(token, part) for token in tokens(name)) for part in stem.split("+"))
            for stem in stems
        )
    )


@lru_cache(maxsize=100_000)
def is_noise(name: str) -> bool:
    """Whether a table's name says that it holds something beside these things."""
    return any(is_said(token, stem) for token in tokens(name) for stem in NOISE)


def is_gross(name: str) -> bool:
    """Whether a name says that an amount is with taxes."""
    words = set(tokens(name))
    return bool(_GROSS & words) or {"with", "tax"} <= words


@lru_cache(maxsize=200_000)
def likeness(name: str, field: str) -> int:
    """How much a column's name says that it holds the field: 0 (nothing) to 50 (just that)."""
    words = list(tokens(name))
    fillers = _FILLERS | _GROSS | _TAXES | {"with"} if is_gross(name) else _FILLERS
    telling = [token for token in words if token not in fillers] or words
    best = 0
    for place, pattern in enumerate(FIELDS[field]):
        stems = pattern.split("+")
        if all(any(is_said(token, stem) for token in words) for stem in stems):
            said = {token for token in telling for stem in stems if is_said(token, stem)}
            spare = len([token for token in telling if token not in said])
            # Inside a compound something else may be meant.
            loose = sum(not any(_exactly(token, stem) for token in words) for stem in stems)
            best = max(best, 50 - 12 * spare - 4 * loose - min(place, 10) // 2)
    return max(best, 0)


def _exactly(token: str, stem: str) -> bool:
    return token == stem or singular(token) == stem

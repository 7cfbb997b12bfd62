-- German words, cents, timestamps without a zone, foreign keys, a voucher table.
CREATE SCHEMA laden;
CREATE TABLE laden.kunden (
    kundennr integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mailadresse text NOT NULL UNIQUE, vorname text, nachname text, telefon text, geburtsdatum date,
    angelegt_am timestamp NOT NULL, geloescht_am timestamp
);
CREATE TABLE laden.kundengruppen (id integer PRIMARY KEY, name text);
CREATE TABLE laden.artikel (
    artikelnr text PRIMARY KEY, bezeichnung text NOT NULL, preis_cent integer NOT NULL,
    bild_url text, aktiv boolean NOT NULL DEFAULT true
);
CREATE TABLE laden.artikelvarianten (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    artikelnr text NOT NULL REFERENCES laden.artikel, groesse text NOT NULL, reihenfolge integer NOT NULL
);
CREATE TABLE laden.bestellungen (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bestellnummer text NOT NULL UNIQUE, kundennr integer REFERENCES laden.kunden,
    status text NOT NULL, gesamtbetrag integer NOT NULL, waehrung text NOT NULL,
    bestelldatum timestamp NOT NULL
);
CREATE TABLE laden.bestellpositionen (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bestellung_id integer NOT NULL REFERENCES laden.bestellungen,
    variante_id integer REFERENCES laden.artikelvarianten,
    bezeichnung text NOT NULL, menge integer NOT NULL, einzelpreis integer NOT NULL
);
CREATE INDEX ON laden.bestellpositionen (bestellung_id);
CREATE TABLE laden.zahlungen (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bestellung_id integer NOT NULL REFERENCES laden.bestellungen, betrag integer NOT NULL,
    status text NOT NULL
);
CREATE TABLE laden.bestellung_gutscheine (
    bestellung_id integer NOT NULL REFERENCES laden.bestellungen, code text NOT NULL,
    rabatt integer NOT NULL, PRIMARY KEY (bestellung_id, code)
);
CREATE TABLE laden.bestellung_protokoll (
    id integer PRIMARY KEY, bestellung_id integer REFERENCES laden.bestellungen, text text
);

INSERT INTO laden.kunden (mailadresse, vorname, nachname, angelegt_am)
SELECT format('kunde%s@example.com', n), 'Vor', 'Nach', timestamp '2026-01-01' + n * interval '1 hour'
FROM generate_series(1, 40) n;
INSERT INTO laden.artikel SELECT 'A' || n, 'Ware ' || n, 990 + n * 100 FROM generate_series(1, 5) n;
INSERT INTO laden.artikelvarianten (artikelnr, groesse, reihenfolge)
SELECT 'A' || n, g, o FROM generate_series(1, 5) n, (VALUES ('M', 2), ('S', 1)) AS v (g, o);
INSERT INTO laden.bestellungen (bestellnummer, kundennr, status, gesamtbetrag, waehrung, bestelldatum)
SELECT 'B-' || n, n, (ARRAY['offen', 'bezahlt', 'versendet', 'storniert', 'Warenkorb'])[n % 5 + 1],
       1990 + n, 'EUR', timestamp '2026-06-01 12:00' + n * interval '1 day'
FROM generate_series(1, 40) n;
INSERT INTO laden.bestellpositionen (bestellung_id, variante_id, bezeichnung, menge, einzelpreis)
SELECT n, n % 10 + 1, 'Ware', 2, 995 FROM generate_series(1, 40) n;
-- Paid: the ones that say so, and those that are on their way. Of order 1 (bezahlt) half came.
INSERT INTO laden.zahlungen (bestellung_id, betrag, status)
SELECT id, CASE WHEN id = 1 THEN 1000 ELSE gesamtbetrag END, 'bezahlt' FROM laden.bestellungen
WHERE status IN ('bezahlt', 'versendet');
INSERT INTO laden.zahlungen (bestellung_id, betrag, status) VALUES (5, 1995, 'fehlgeschlagen');
-- Of order 2 a part went back, order 6 whole.
INSERT INTO laden.zahlungen (bestellung_id, betrag, status) VALUES (2, 500, 'erstattet');
UPDATE laden.zahlungen SET status = 'erstattet' WHERE bestellung_id = 6;
INSERT INTO laden.bestellung_gutscheine VALUES (1, 'SOMMER', 200);

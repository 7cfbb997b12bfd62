-- An old ERP's upper-case German abbreviations, days without a time, states as numbers.
create table "KUNDENSTAMM"("KDNR" int primary key, "NAME1" text, "NAME2" text, "EMAIL" text, "TELNR" text, "ANGELEGT" date);
create table "ARTIKELSTAMM"("ARTNR" text primary key, "BEZ1" text, "VKPREIS" numeric(12,2));
create table "AUFTRAGSKOPF"("AUFNR" int primary key, "KDNR" int, "AUFDAT" date, "NETTO" numeric(12,2), "MWST" numeric(12,2), "BRUTTO" numeric(12,2), "STATUS" smallint, "WAEHR" text);
create table "AUFTRAGSPOS"("AUFNR" int, "POSNR" int, "ARTNR" text, "MENGE" numeric(9,2), "EPREIS" numeric(12,2), primary key("AUFNR","POSNR"));
insert into "KUNDENSTAMM" select n,'N','V',format('k%s@example.com',n),null,'2026-01-01' from generate_series(1,30) n;
insert into "ARTIKELSTAMM" select 'A'||n,'B',10 from generate_series(1,4) n;
insert into "AUFTRAGSKOPF" select n,n,date '2026-01-01'+n,10,1.9,11.9,n%4,'EUR' from generate_series(1,30) n;
insert into "AUFTRAGSPOS" select n,1,'A1',1,10 from generate_series(1,30) n;

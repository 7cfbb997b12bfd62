-- French words, singular tables without foreign keys, epoch seconds, lines in "ligne_de_commande".
CREATE TABLE client (
    id_client serial PRIMARY KEY, courriel text NOT NULL, prenom text, nom text, tel text, date_naissance text, date_creation bigint NOT NULL
);
CREATE TABLE produit (id_produit serial PRIMARY KEY, libelle text NOT NULL, prix numeric(10, 2) NOT NULL, actif boolean NOT NULL DEFAULT true);
CREATE TABLE commande (
    id_commande serial PRIMARY KEY, id_client integer NOT NULL, numero text NOT NULL, montant_total numeric(10, 2) NOT NULL, devise text,
    statut_paiement text NOT NULL, date_commande bigint NOT NULL
);
CREATE TABLE ligne_de_commande (
    id serial PRIMARY KEY, id_commande integer NOT NULL, id_produit integer NOT NULL, libelle text, quantite integer NOT NULL, prix_unitaire numeric(10, 2) NOT NULL
);
CREATE TABLE remboursement (id serial PRIMARY KEY, id_commande integer NOT NULL, montant numeric(10, 2) NOT NULL);
INSERT INTO client (courriel, prenom, nom, date_creation) SELECT format('c%s@example.com', n), 'P', 'N', 1767225600 FROM generate_series(1, 25) n;
INSERT INTO produit (libelle, prix) SELECT 'Produit ' || n, 10 FROM generate_series(1, 4) n;
INSERT INTO commande (id_client, numero, montant_total, devise, statut_paiement, date_commande)
SELECT n, 'F' || n, 20, 'EUR', (ARRAY['payé', 'en attente', 'annulée'])[n % 3 + 1], 1780000000 + n FROM generate_series(1, 25) n;
INSERT INTO ligne_de_commande (id_commande, id_produit, libelle, quantite, prix_unitaire) SELECT n, n % 4 + 1, 'P', 2, 10 FROM generate_series(1, 25) n;
INSERT INTO remboursement (id_commande, montant) VALUES (3, 5);

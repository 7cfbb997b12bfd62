-- Nothing of a shop: a blog with readers.
CREATE TABLE readers (id integer PRIMARY KEY, email text NOT NULL, subscribed_at timestamptz NOT NULL);
CREATE TABLE articles (id integer PRIMARY KEY, headline text NOT NULL, body text, published_at timestamptz);
CREATE TABLE comments (id integer PRIMARY KEY, article_id integer REFERENCES articles, body text, author_email text);
INSERT INTO readers SELECT n, format('r%s@example.com', n), now() FROM generate_series(1, 20) n;
INSERT INTO articles SELECT n, 'Headline', 'Body', now() FROM generate_series(1, 5) n;
INSERT INTO comments SELECT n, 1, 'Well', 'r1@example.com' FROM generate_series(1, 20) n;

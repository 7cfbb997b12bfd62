-- New accounts. Parameter: count. Gives their ids.
INSERT INTO customers (id, email, first_name, last_name, phone, birthday)
SELECT 'cus_' || lpad(n::text, greatest(6, length(n::text)), '0'),
       'New.Customer.' || n || '@Example.com',
       (ARRAY['Robin', 'Noël', '小雨', 'ليلى', 'Łucja'])[1 + mod(n, 5)],
       (ARRAY['Example', 'O’Neill', '王', 'حداد', 'Żak'])[1 + mod(n, 5)],
       '+1 202 555 01' || lpad(mod(n, 100)::text, 2, '0'),
       CASE WHEN mod(n, 2) = 0 THEN date '1980-02-29' + mod(n, 9000)::integer END
FROM (SELECT nextval('customer_numbers') AS n FROM generate_series(1, %(count)s)) AS numbered
RETURNING id

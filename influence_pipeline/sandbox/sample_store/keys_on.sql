-- Puts back what keys_off.sql took off. Foreign keys come last and check every row.
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN SELECT put_on FROM keys_taken_off ORDER BY step LOOP
        EXECUTE statement;
    END LOOP;
END $$;

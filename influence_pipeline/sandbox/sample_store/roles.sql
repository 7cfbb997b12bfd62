-- The two roles of the sample store: one that reads all of it, one that writes coupons and nothing
-- else. (`influence-pipeline roles` gives less: the columns that the mapping reads.) Roles belong to the server, so they may be there from another database; then they
-- get these passwords. Parameters: reader_password, coupon_password (as SCRAM verifiers).
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['store_reader', 'store_coupons'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %%I', name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END $$;
ALTER ROLE store_reader LOGIN PASSWORD %(reader_password)s;
ALTER ROLE store_coupons LOGIN PASSWORD %(coupon_password)s;
ALTER ROLE store_reader SET default_transaction_read_only = on;

GRANT USAGE ON SCHEMA public TO store_reader, store_coupons;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO store_reader;
GRANT SELECT, INSERT ON discount_codes TO store_coupons;

-- A discount code was used once more. Parameter: code.
UPDATE discount_codes SET times_used = times_used + 1 WHERE code = %(code)s

-- Is there a voucher or a gift card with this code? Saleor compares codes with their case, and takes
-- vouchers and gift cards by the same field. Whose it is, Saleor does not know.
SELECT code FROM discount_vouchercode WHERE code = :code
UNION ALL
SELECT code FROM giftcard_giftcard WHERE code = :code

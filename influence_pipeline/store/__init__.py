"""The merchant's database: what is read from it, and the coupons written into it. Knows nobody."""

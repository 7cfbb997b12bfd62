"""The pipeline's own tables in Postgres: what was seen, what was acknowledged, what is to be done.

`schema` names the tables, `migrations` makes them, `database` connects. Who fills them: `sync`
(snapshot, work, attempt, capture_point) and `webhooks` (inbox, coupon, loyalty_member). Nothing
here knows the store or the API.
"""

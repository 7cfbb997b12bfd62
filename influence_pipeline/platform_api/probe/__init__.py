"""The probe: asks a real account what the contract leaves open, with named throw-away records.

    findings       what an answer and a proposed setting are
    consent        who says yes to a call, before it is made
    records        the throw-away records and what is sent of them
    wire           the calls, what came back, what of it may be shown
    redaction      shapes instead of values, words without personal data
    naming         what a field may be called, and what a refusal says of it
    fields         how the fields of a record are tried
    room           all that a question works with
    question       what a question is
    access, products, subscriptions, customers, orders, bodies, awards, second_posts, moves, limits
                   the questions; `questions` lists them in safe order
    runner         asks them one after the other
    report, toml   what was found, as Markdown and as values; the settings that follow

Knows neither store nor state. Nothing that writes is called without a yes; an order is never
POSTed again but where that is the question.
"""

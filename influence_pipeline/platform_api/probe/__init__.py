"""The probe: asks a real account what the contract leaves open, with named throw-away records.

    findings    what a question, an answer and a proposed setting are
    consent     who says yes to a call, before it is made
    records     the throw-away records and what is sent of them
    wire        the calls, what came back, what of it may be shown
    redaction   shapes instead of values, words without personal data
    naming      what a field may be called, and what a refusal says of it
    room        all that a question works with
    access, products, subscriptions, customers, orders, awards, moves: the questions, in safe order
    questions   their list
    runner      asks them one after the other
    report      what was found, as Markdown and as values

Knows neither store nor state. Nothing that writes is called without a yes; an order is never
POSTed again but where that is the question.
"""

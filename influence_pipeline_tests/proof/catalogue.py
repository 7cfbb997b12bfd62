"""The proofs, each with what it is about and what must come out. Tests name theirs by its number:
`@pytest.mark.proves("T2")`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Proof:
    """One proof: its number, what is done to the pipeline, and the bar."""

    number: str
    about: str
    bar: str


PROOFS = (
    Proof("T1", "kill -9 at each of 33 points of a sync, the receiver, coupons, runs and the daemon",
          "0 lost, 0 doubled, 0 parked; each point seen to fire"),
    Proof("T2", "an ambiguous API: a proxy that makes calls go wrong in 15 ways",
          "0 lost, 0 doubled; parked only after a delivery later than the quiet window"),
    Proof("T3", "late commits: 24 writers, transactions of up to 2 s, rollbacks, silent changes",
          "0 of ~5,000 rows missed"),
    Proof("T4", "load on the receiver",
          "500/s for 120 s: p99 < 100 ms, none lost; 3,000 in 2 s answered in 5 s; >= 900/s"),
    Proof("T5", "receiver and Postgres killed and started again under 16 senders",
          ">= 40,000 events, 0 lost, 0 doubled"),
    Proof("T6", "duplicates and disorder over two receivers", "10,000 deliveries: exact counts"),
    Proof("T7", "Dagster's daemon: coupon database down, failing runs, daemon killed",
          "500 redemptions, 500 coupons, each once, within 5 min"),
    Proof("T8", "Postgres in trouble: backends, locks, disk, silence, read-only, lost commits",
          "503 and not 200 while down, 0 lost, recovered < 10 s after"),
    Proof("T9", "the integration tests through pgbouncer in transaction mode", "green"),
    Proof("T10", "let nobody in: tokens, paths, forged redemptions, caps",
          ">= 200 cases: 0 coupons, 0 rows for unauthenticated calls"),
    Proof("T11", "canaries in every secret and every personal field, through failures too", "0 hits"),
    Proof("T12", "bad input at the receiver",
          "50,000 generated and 100 fixed: no answer 500, memory < 50 MB, bodies byte for byte"),
    Proof("T13", "flood and slow clients behind the shipped proxy", "good calls 100 % < 1 s"),
    Proof("T14", "the whole loop as a state machine", "0 violations; 10 seeded mutants all caught"),
    Proof("T15", "poison rows: 1 % of 20,000", "the good 99 % once; the bad parked with reason"),
    Proof("T16", "1 % of webhooks never sent",
          "100 % of the customers concerned flagged within a cycle; no alarm in 10,000 clean"),
    Proof("T17", "money, time and text", "20,000 examples exact to the byte"),
    Proof("T18", "privileges and hostile identifiers", "all refused; each missing grant named"),
    Proof("T19", "erasure: `forget`, then a dump, late webhooks and a full sync",
          "0 personal bytes, not resurrected, still de-duplicated"),
    Proof("T20", "strength: mutation tests, every `except` executed", ">= 85 % killed"),
    Proof("T21", "soak: 30 minutes of events, orders and random faults",
          "invariants at the end; memory < 1 MB/min"),
)  # fmt: skip

"""The proof of the delivery side: every invariant against what can go wrong, each with a control.

The judge is `sandbox.judge`, which knows the store and the sandbox's ledger and nothing else. A few
seeds run in the ordinary tests; `make proof` runs the slow tier.
"""

"""Influence.io's Platform API: what is sent, how calls are made, what answers mean. Knows nobody.

What the contract says and leaves open is in docs/contract.md.
"""

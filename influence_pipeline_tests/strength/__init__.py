"""How strong the tests are: what they notice of small changes to the code (`make mutants`), and which
`except` bodies they never run (`make coverage`). Part of proof T20.
"""

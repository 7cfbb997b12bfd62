"""The proof of the receiver: load, kills, trouble in Postgres, floods; each with a control.

What was answered 200 is compared with the rows of the inbox, by a connection of the test's own.
"""

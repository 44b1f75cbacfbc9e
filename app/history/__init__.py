"""`ionto history`: what was treated, as the journal tells it.

Law: read-only, through `controller.journal.history`; a simulated session is stamped wherever it is shown.
"""

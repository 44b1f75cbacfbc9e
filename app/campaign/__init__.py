"""`ionto campaign`: every fault in every phase of a session, and ordinary people without any.

Law: a cell is one session that anybody can repeat with `ionto run`; it is judged by the table of
`app.reactions` and by the simulated world's truth, never by what the device believes of itself.
"""

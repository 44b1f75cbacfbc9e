"""The household: who is treated on this unit, whether they may be, how often, and how it went.

Law: pure but for `store`; the clock, the day and the sessions come in as arguments. What is in doubt is
refused, and a refusal always says why and what to do.
"""

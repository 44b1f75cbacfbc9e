"""`ionto wiring`: which pin of the Pi goes where on this unit, from its own file."""

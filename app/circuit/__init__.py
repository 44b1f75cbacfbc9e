"""`ionto circuit`: the reference circuit in ngspice, over the spreads of its parts, against its bounds."""

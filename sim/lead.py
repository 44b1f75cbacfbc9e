"""Leads the true current where the stage's loop can't: after a circuit was open, or the voltage too little.

Law of this module: it only says what the output does from one moment to the next; when that is, and what the
circuit is by then, the world says.
"""

from __future__ import annotations

from sim.output import SETTLED_MA, Circuit, Output
from sim.trace import Trace


class Lead:
    """An output's way through a world. `until_s` is the end of the step under way."""

    __slots__ = (
        "_ahead",
        "_circuit",
        "_flowing_ma",
        "_in_control",
        "_open",
        "_since_s",
        "_trace",
        "_wanted_ma",
        "output",
        "until_s",
    )

    def __init__(self, output: Output, trace: Trace, t_s: float) -> None:
        self.output = output
        self._trace = trace
        self._since_s = self.until_s = t_s
        self._ahead: Output | None = None
        self._circuit: Circuit | None = None
        self._open = False
        self._in_control = True
        self._wanted_ma = self._flowing_ma = 0.0

    def pass_time(self, t_s: float) -> None:
        """Bring the output up to `t_s`, in the circuit that it was last told of."""
        output, dt_s = self.output, t_s - self._since_s
        self._since_s = t_s
        if self._circuit is not None:
            if self._ahead is not None and t_s >= self.until_s:
                self.output = self._ahead
            else:
                output.advance(dt_s, self._circuit)
            return
        if self._in_control:
            output.asks_ma = self._trace.current_ma(t_s)
        else:
            output.wind(dt_s, self._wanted_ma, self._flowing_ma)

    def turn(self, trace: Trace) -> None:
        """Lead this trace from now on: the stage feeds another load."""
        self._trace = trace

    def open(self, wanted_ma: float, node_v: float) -> None:
        """Nothing flows from now on; the terminals stand at `node_v`."""
        self._open, self._circuit, self._in_control = True, None, False
        self._wanted_ma, self._flowing_ma = wanted_ma, 0.0
        self.output.node_v = node_v

    def leads(self, t_s: float, circuit: Circuit, steady_ma: float) -> bool:
        """Take the closed `circuit`, in which `steady_ma` would flow; tell whether it is not steady yet."""
        output, wanted_ma = self.output, circuit.wanted_ma
        reachable = wanted_ma > 0.0 and steady_ma >= wanted_ma
        if self._open:
            output.node_v -= circuit.emf_v
            output.make(circuit, 0.0)
            unsteady = True
        elif self._circuit is not None:
            held = not reachable and abs(output.current_ma - steady_ma) <= SETTLED_MA
            unsteady = not held and not output.settled(wanted_ma)
        else:
            unsteady = reachable and not self._in_control
            if unsteady:
                output.node_v = self._trace.terminals_v(t_s) - circuit.emf_v
                output.make(circuit, self._trace.skin_v(t_s) - circuit.emf_v)
        self._open = False
        self._circuit = circuit if unsteady else None
        if not unsteady:
            self._in_control = reachable
            self._wanted_ma, self._flowing_ma = wanted_ma, steady_ma
        return unsteady

    def go_on(self, t_s: float, *, sign: int, leak_ma: float, asked_ma: float, whole: bool) -> None:
        """Begin the next step at `t_s`."""
        output, circuit = self.output, self._circuit
        if circuit is None:
            return
        lasts_s = output.next_step_s()
        self._ahead = ahead = output.copy()
        ahead.advance(lasts_s, circuit)
        self.until_s = t_s + lasts_s
        self._trace.lead(
            t_s,
            lasts_s,
            from_ma=output.current_ma,
            to_ma=ahead.current_ma,
            from_v=output.skin_v + circuit.emf_v,
            to_v=ahead.skin_v + circuit.emf_v,
            series_kohm=circuit.series_kohm,
            sign=sign,
            leak_ma=leak_ma,
            asked_ma=asked_ma,
            whole=whole,
        )

"""The guard's rule for the dummy load: when more than a proof current may be asked for without a person.

Law: it only takes away, and shares nothing with the trial that it watches. A current through the dummy load
is allowed while both output switches are commanded open and each was seen open by itself before; at full code
for half a second in all. Whatever comes back from the output meanwhile is a current through a person.
"""

from __future__ import annotations

from typing import Final

from controller.core import limits as lim
from controller.core.types import Cause, Command, Drive, Measurement

_NEVER: Final = {"series": 0.0, "enable": 0.0}


class DummyRule:
    """Watches one session's use of the dummy load. No switch is seen open where the trip's is open too."""

    def __init__(self) -> None:
        self._open_s = dict(_NEVER)
        self._in_all_s = self._full_s = 0.0
        self._returned = 0

    def see(self, passed_s: float, m: Measurement, last: Command) -> None:
        """Count for how long each switch was seen open by itself; forget it once both are closed."""
        if not isinstance(last, Drive) or last.dummy or last.series == last.beat:
            if isinstance(last, Drive) and last.series and last.beat:
                self._open_s.update(_NEVER)
            return
        current_ma = max(m.guard_ma or 0.0, m.current_ma or 0.0)
        which = "series" if last.beat else "enable"
        dead = last.code > 0 and current_ma < lim.TRIAL_OPEN_MA and not m.tripped
        self._open_s[which] = self._open_s[which] + passed_s if dead else 0.0

    def commanded(self, command: Drive) -> tuple[Cause, str] | None:
        """Judge a command that puts the dummy load on, before it is applied."""
        if command.series or command.beat or not command.sensing:
            return Cause.OVER_CURRENT, "the dummy load was commanded on with an output switch closed"
        if min(self._open_s.values()) < lim.TRIAL_PROVEN_S:
            return Cause.OVER_CURRENT, "the dummy load was commanded on before both switches were seen open"
        return None

    def judge(
        self, passed_s: float, m: Measurement, last: Drive, full_scale_ma: float
    ) -> tuple[Cause, str] | None:
        """Judge a tick that began with the dummy load on."""
        self._in_all_s += passed_s
        high_ma = lim.TRIAL_FULL_RATIO * full_scale_ma
        reads_ma = max(m.guard_ma or 0.0, m.current_ma or 0.0)
        if last.code / 4095 * full_scale_ma > high_ma or reads_ma > high_ma:
            self._full_s += passed_s
        if m.sampled == "return" and m.return_ma is not None:
            self._returned = self._returned + 1 if abs(m.return_ma) > lim.POLARITY_FROM_MA else 0
        if self._returned >= lim.TRIAL_RETURNED:
            return Cause.LEAKAGE, (
                f"{m.return_ma or 0.0:+.2f} mA return from the output while both of its switches are open"
            )
        if self._full_s > lim.TRIAL_FULL_S:
            return Cause.TIME_EXCEEDED, f"full current flowed into the dummy load for {self._full_s:.2f} s"
        if self._in_all_s > lim.TRIAL_S:
            return Cause.TIME_EXCEEDED, f"the dummy load was on for {self._in_all_s:.1f} s"
        return None

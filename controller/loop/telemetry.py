"""What the faces may see of a session: one small snapshot, made a few times a second.

Law: a snapshot is a copy. It leaves the loop's process through a channel that never blocks, and nothing
comes back through it.
"""

from typing import TypedDict


class Snapshot(TypedDict):
    """State of the session at `time_s` (s since the session began). Absent readings are None.

    `target_ma` is what the treatment asks for, `setpoint_ma` what the ramp or fold-back allows now,
    `measured_ma` what the control ADC reads. `contact_ohm` is how small the skin in contact was before the
    ramp: the smaller, the more ohm. `left_s` is the treatment time left; `total_s` its whole. `note` is a
    short sentence for the person where there is something to do or to know, else "".
    """

    time_s: float
    phase: str
    polarity: str
    target_ma: float
    setpoint_ma: float
    measured_ma: float | None
    voltage_v: float | None
    resistance_ohm: float | None
    contact_ohm: float | None
    left_s: float
    total_s: float
    charge_forward_ma_min: float
    charge_reverse_ma_min: float
    note: str
    trip_cause: str | None
    trip_evidence: str | None
    simulated: bool
    late_ticks: int
    missed_ticks: int


def contact_figure(seen: Snapshot) -> float | None:
    """Return the ohm that contact is shown with: before the ramp how small it is, once that is known."""
    looked = seen["phase"] == "contact" and seen["contact_ohm"] is not None
    return seen["contact_ohm"] if looked else seen["resistance_ohm"]

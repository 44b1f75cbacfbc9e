"""What is said about the unit: phases, contact, causes and refusals, outcomes.

Law: a treatment that was cut or stopped is never worded as done. English is the source; `app.locale` has the
rest. Ids that a newer unit might send and we don't know are answered by its own English note.
"""

from __future__ import annotations

from typing import Final

SILENT: Final = "The unit's program does not answer. If current flows, press Stop on the unit."
ABSENT: Final = "The unit's program is not running. Switch the unit on and wait a minute."

PHASES: Final = {
    "self_test": "Self-test",
    "ready": "Ready",
    "proof": "Testing the protections",
    "contact": "Waiting for contact",
    "ramp_up": "Current rises",
    "hold": "Treatment",
    "ramp_down": "Current falls",
    "reverse": "Changing direction",
    "stopping": "Stopping softly",
    "done": "Complete",
    "stopped": "Stopped, not complete",
    "refused": "Not started",
    "tripped": "Cut off, not complete",
}
CONTACT: Final = {"none": "No contact", "poor": "Poor", "fair": "Fair", "good": "Good"}
LIMITED_BY: Final = {
    "dry_skin": "The set current is not reached because the skin is still dry. It softens within minutes.",
    "soft_water": "The set current is not reached because the water conducts too little. "
    "Use tap water, not distilled or softened water.",
    "poor_contact": "The set current is not reached because the contact is poor. "
    "Put more of the skin into the water.",
    "hand_leaving": "The current is being lowered because a hand or foot seems to leave the water.",
}
OUTCOMES: Final = {
    "completed": "Complete",
    "stopped": "Stopped, not complete",
    "aborted": "Cut off, not complete",
    "refused": "Not started",
    "cut_off": "Interrupted, not complete",
    "": "Running",
}
POLARITY: Final = {"forward": "Forward", "reverse": "Reverse"}
AREAS: Final = {"hands": "Hands", "feet": "Feet", "underarms": "Underarms", "face": "Face"}
TREATMENTS: Final = {
    "hands": "Hands, tap water",
    "hands-glycopyrrolate": "Hands, glycopyrrolate (only when prescribed)",
    "feet": "Feet, tap water",
    "underarms": "Underarms, tap water",
    "face": "Face, tap water",
}
CAUSES: Final = {
    "current_spike": "The current jumped.",
    "over_current": "The current was too high.",
    "open_circuit": "The circuit opened: a hand or foot left the water, or a lead came off.",
    "short_circuit": "The electrodes touched each other, or stood in one tray.",
    "leakage": "Current took another way than the leads.",
    "deviation": "The current did not follow what was set.",
    "wrong_polarity": "The current flowed the wrong way.",
    "adc_silent": "A part that measures did not answer.",
    "adc_frozen": "A part that measures repeated itself.",
    "adc_stale": "A part that measures was too slow.",
    "adc_saturated": "A part that measures was at the end of its range.",
    "adc_reset": "A part that measures lost its settings.",
    "adc_disagree": "The two measurements of the current differed.",
    "dac_silent": "The part that sets the current did not answer.",
    "dac_stuck": "The current did not follow the part that sets it.",
    "dac_reset": "The part that sets the current lost its setting.",
    "bus_hung": "The wires between the parts hung.",
    "supply": "The output's supply was out of range.",
    "output_lost": "The output was not connected when it should have been.",
    "output_stuck": "Current flowed when there should have been none.",
    "guard_blind": "The guard did not see the current.",
    "late_tick": "The unit's computer was too busy.",
    "time_exceeded": "The treatment took longer than allowed.",
    "dose_exceeded": "The treatment gave more than allowed.",
    "electrodes_touch": "The electrodes touch each other, or stand in one tray.",
    "no_contact": "Nobody closed the circuit in time.",
    "nothing_prepared": "No treatment was prepared.",
    "order_refused": "The unit refused what was prepared.",
    "too_often": "This area was treated too short a time ago, or too often within seven days.",
    "no_record": "No record could be kept, and without one there is no treatment.",
    "start_stuck": "Start is stuck, or was held during the self-test.",
    "stop_stuck": "Stop is stuck, or was held during the self-test.",
    "nobody_came": "Nobody pressed Start.",
    "relay_welded": "A relay of the output does not open.",
    "output_dead": "The output gives no current although it should.",
    "enable_hangs": "The output stays on without the heartbeat.",
    "enable_lost": "The output does not come on with the heartbeat.",
    "series_hangs": "The second relay of the output does not open.",
    "supply_out": "The output's supply is out of range.",
    "not_zero": "The output is not at zero before the start.",
    "unit_unfit": "This unit may not give what was asked for, or is not set up for it.",
    "chip_missing": "A part of the unit does not answer.",
}
ADVICE: Final = {
    "open_circuit": "Check water level, leads and contact, then press Start on the unit.",
    "short_circuit": "Check that the electrodes don't touch and stand in separate trays, then start again.",
    "leakage": "Dry the table; keep trays, body and metal apart. If it happens again, have the unit checked.",
    "deviation": "Add tap water (not distilled), or choose less current.",
    "supply": "Look at the power supply. If it happens again, have the unit checked.",
    "adc_reset": "Look at the power supply. If it happens again, have the unit checked.",
    "dac_reset": "Look at the power supply. If it happens again, have the unit checked.",
    "electrodes_touch": "Check that the electrodes don't touch and stand in separate trays, "
    "then start again.",
    "no_contact": "Put both sides into the water before or soon after Start, then start again.",
    "nothing_prepared": "Prepare a treatment first.",
    "order_refused": "Prepare it again. The page Now says why.",
    "too_often": "Wait. The page Plan says when the next treatment is allowed. "
    "If it was longer ago, have the unit's clock set.",
    "no_record": "Have the unit's storage checked.",
    "start_stuck": "Let go of Start. If it happens again, have the unit checked.",
    "stop_stuck": "Let go of Stop. If it happens again, have the unit checked.",
    "nobody_came": "Press Start when you are ready.",
    "supply_out": "Look at the power supply. If it happens again, have the unit checked.",
    "late_tick": "End other programs on the unit. If it happens again, have the unit checked.",
}
SERVICE: Final = "Take hands or feet out. Do not use this unit until a technician has found the cause."


def advice(cause: str) -> str:
    """Say what to do after a trip or a refusal."""
    return ADVICE.get(cause, SERVICE)

"""What a person does next, in one sentence: the ids of `docs/device.md` and their words.

Law: one table for every face, so that page and panel never say two things.
"""

from __future__ import annotations

from typing import Final

NEXT: Final = {
    "wait_self_test": "Wait: the unit tests itself.",
    "prepare": "Prepare a treatment first: there is none to start.",
    "come_back": "Nothing may be given now: too little time has passed since the last treatment.",
    "press_start": "Press Start on the unit.",
    "press_start_rest": "Press Start on the unit for the rest of the treatment, or Stop to end it.",
    "clear_alarm": "Press Stop on the unit to clear the alarm, then start again.",
    "wait_record": "Wait: the start is being recorded.",
    "wait_proof": "Wait: the protections are being tested.",
    "put_in": "Put both sides into the water and keep still.",
    "keep_still": "Keep still; press Stop before you take a hand out.",
    "put_back": "A hand seems to leave the water: put it back, or press Stop.",
    "wait_stop": "Keep still until the current is gone.",
    "take_out": "Finished: take your hands or feet out and dry them.",
    "mend": "The unit can't be used now: see the code.",
}

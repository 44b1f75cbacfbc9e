"""Runs sessions and prints what they were to the last bit; a program, for either form of the simulator.

usage: one_form.py [plant] [FAULT AT_S]    a line of JSON: which form, ticks, outcome, trip, digest of all
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import controller.loop.tick
import sim.world
from config.calibration import Calibration
from config.unit import reference_unit
from controller.session.wiring import SessionRequest, StopSwitch, run_session
from protocols.treatment import Treatment
from sim.scenario import Scenario

SCENARIO = {"load": {"skin": "ordinary", "back_emf_v": -0.6}, "person": {"moves": True}}
"""A person that uses all of the model."""


class Digest:
    """Looks at every tick."""

    def __init__(self, loop: Any, digest: Any) -> None:
        self._loop, self._digest = loop, digest

    def tick(self, measurement: Any) -> None:
        session = self._loop.session
        self._digest.update(
            repr((*measurement, session.setpoint_ma, session.phase, self._loop.clock.now())).encode()
        )


def main(words: list[str]) -> None:
    digest = hashlib.sha256()
    plant_alone = words[:1] == ["plant"]
    events = [{"fault": words[0], "at_s": float(words[1])}] if words and not plant_alone else []
    request = SessionRequest(
        treatment=Treatment(name="short", area="hands", current_ma=10.0, total_min=2.0),
        unit=reference_unit(),
        calibration=Calibration.nominal(),
        calibration_notice="",
        simulate=Scenario.model_validate({**SCENARIO, "events": events}),
        seed=3,
        speed=None,
        rehearsed_name="short",
        plant_alone=plant_alone,
    )
    result = run_session(request, None, StopSwitch(), watch=lambda _, loop: Digest(loop, digest))
    digest.update(json.dumps(result.summary, sort_keys=True).encode() + repr(result.trace).encode())
    forms = {str(module.__file__).rpartition(".")[2] for module in (controller.loop.tick, sim.world)}
    summary = result.summary
    told = [*forms, summary["loop"]["ticks"], summary["outcome"], summary["trip"], digest.hexdigest()]
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

"""A simulated unit, its companion, a phone that is paired with it, and people who may be treated."""

from appliance import PROGRAM, Appliance
from browser import Browser
from companion import Companion
from herald import wait_for

from app.household.order import CHECKLIST
from protocols.fitness import QUESTIONS


class Home:
    """An appliance, its companion and a paired device."""

    def __init__(self, state, speed, program=PROGRAM):
        self.state = state
        self.unit = Appliance(state, speed, program)
        self.web = Companion(state)
        try:
            self._pair(min(50.0, max(6.0, 2.0 * speed)))
        except BaseException:
            self.close()
            raise

    def _pair(self, hold_s):
        self.device = Browser(self.web.port)
        wait_for(lambda: self.unit.snapshot["state"] == "idle")
        wait_for(lambda: "simulated unit" in self.device.get("/").text)
        self.device.submit("/", "/pair", name="phone")

        def paired():
            if self.unit.snapshot["held"] is None:  # again where the companion was too slow to see it held
                self.unit.settle()
                self.unit.press("up", hold_s)
                self.unit.settle()
            return self.device.get("/") and "ionto_device" in self.device.cookies

        wait_for(paired)
        wait_for(lambda: self.unit.snapshot["held"] is None)

    def add(self, name):
        """Add somebody who may be treated."""
        person = self.device.submit("/people", "/people", name=name, born="1990-01-01").headers["location"]
        self.device.submit(person, f"{person}/answers", **{question.key: "no" for question in QUESTIONS})
        return person.rpartition("/")[2]

    def prepare(self, person, current_ma):
        """Tick the checklist for hands, and prepare."""
        ticks = dict.fromkeys(CHECKLIST, "yes")
        where = f"/prepare?person={person}&treatment=hands"
        return self.device.submit(where, "/prepare", current_ma=str(current_ma), **ticks)

    def wait(self, **wanted):
        wait_for(lambda: all(self.unit.snapshot.get(key) == value for key, value in wanted.items()))

    def close(self):
        self.web.close()
        self.unit.close()

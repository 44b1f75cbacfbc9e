"""What a meter may do that is no fault of our command, told from what is; the line is a scripted one."""

from collections.abc import Callable
from typing import Any

import pytest

from app.technician.meter import _Scpi
from controller.backends.meter import MeterFailed

NAME = "TCPIP::192.0.2.7::INSTR"
IDENTITY = "Maker,Model,42,1.0"
NO_ERROR = '+0,"No error"'


class Dmm:
    """A meter: `errors` is its queue, `remote` whether it obeys, `late` answers come one question late."""

    def __init__(self, **how: Any) -> None:
        self.errors: list[str] = []
        self.no_error = NO_ERROR
        self.reading = "+1.05E-03"
        self.identity = IDENTITY
        self.remote = True
        self.deaf_until_remote = False
        self.refuses = ""
        self.late = 0
        self.gone = False
        self.opened = 0
        self.heard: list[str] = []
        self.__dict__.update(how)

    def connect(self) -> "Line":
        if self.gone:
            raise MeterFailed("cannot be opened")
        self.opened += 1
        return Line(self)


class Line:
    """One connection to it; what it has not been asked for yet waits in `coming`."""

    timeout = 0

    def __init__(self, dmm: Dmm) -> None:
        self.dmm, self.coming = dmm, list[str]()

    def write(self, text: str) -> None:
        dmm = self.dmm
        if dmm.gone:
            raise OSError("no such device")
        dmm.heard.append(text)
        if text == "SYST:REM":
            dmm.remote = True
        elif not dmm.remote:
            if not dmm.deaf_until_remote:
                self._in_local(text)
        elif text == dmm.refuses:
            dmm.errors.append('-113,"Undefined header"')
        elif text.endswith("?"):
            self._answer(text)

    def _in_local(self, text: str) -> None:
        if text in ("*IDN?", "SYST:ERR?"):
            self._answer(text)
        else:
            self.dmm.errors.append('+550,"Command not allowed in local"')

    def _answer(self, text: str) -> None:
        if text == "SYST:ERR?":
            self.coming.append(self.dmm.errors.pop(0) if self.dmm.errors else self.dmm.no_error)
        else:
            self.coming.append({"*IDN?": self.dmm.identity, "READ?": self.dmm.reading}[text] + "\r\n")

    def query(self, text: str) -> str:
        self.write(text)
        return self.read()

    def read(self) -> str:
        if self.dmm.late and self.coming:
            self.dmm.late -= 1
            raise TimeoutError("timed out")
        if not self.coming:
            raise TimeoutError("timed out")
        return self.coming.pop(0)

    def close(self) -> None:
        self.coming.clear()


def scpi(dmm: Dmm, name: str = NAME) -> _Scpi:
    one = _Scpi(dmm.connect, name)
    one.identity()
    return one


@pytest.mark.parametrize("no_error", [NO_ERROR, "0", "+0", "0 No Error", "No error", '"No error"', "00,none"])
def test_no_error_is_no_error_however_it_is_written(no_error: str) -> None:
    assert scpi(Dmm(no_error=no_error)).read_ma() == pytest.approx(1.05)


def test_old_entries_of_the_error_queue_are_not_ours() -> None:
    dmm = Dmm(errors=['-410,"Query INTERRUPTED"', '-113,"Undefined header"', "+531 Insufficient memory"])
    assert scpi(dmm).read_ma() == pytest.approx(1.05)
    assert dmm.errors == []


def test_a_meter_that_obeys_nobody_before_it_is_told_to() -> None:
    dmm = Dmm(remote=False, errors=['-410,"Query INTERRUPTED"'])
    one = scpi(dmm)
    assert (one.read_ma(), one.read_v()) == (pytest.approx(1.05), pytest.approx(0.00105))
    assert dmm.heard.count("SYST:REM") == 1


def test_on_a_serial_line_it_is_told_before_anything() -> None:
    dmm = Dmm(remote=False, deaf_until_remote=True)
    assert scpi(dmm, "ASRL/dev/ttyUSB0::INSTR").read_ma() == pytest.approx(1.05)
    assert dmm.heard[:2] == ["SYST:REM", "*IDN?"]


def test_one_that_does_not_even_say_its_name_before_that_is_told_too() -> None:
    assert scpi(Dmm(remote=False, deaf_until_remote=True)).read_ma() == pytest.approx(1.05)


def test_what_it_does_refuse_is_named_with_the_way_on() -> None:
    dmm = Dmm(refuses="CONF:CURR:DC 0.1", errors=['-410,"Query INTERRUPTED"'])
    with pytest.raises(MeterFailed, match=r"refuses CONF:CURR:DC 0.1: -113.*leave --meter out") as refused:
        scpi(dmm).read_ma()
    assert "INTERRUPTED" not in str(refused.value)


def test_a_queue_that_never_ends_is_no_endless_wait() -> None:
    with pytest.raises(MeterFailed, match="its list of errors does not end"):
        scpi(Dmm(no_error="-113,x")).read_ma()


@pytest.mark.parametrize(
    ("reading", "ma"),
    [("1,05E-03", 1.05), ("-1,05e-3", -1.05), ("+1.05E-03\r", 1.05), ("  0.00105 ", 1.05), ("0", 0.0)],
)
def test_a_reading_in_other_signs_is_the_same(reading: str, ma: float) -> None:
    assert scpi(Dmm(reading=reading)).read_ma() == pytest.approx(ma)


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        ("+9.90000000E+37", "shows overload, above its range of 0.1 A"),
        ("-9.9E+37", "shows overload"),
        ("9.91E37", "shows no number: look at how it is connected"),
        ("1.0E-3,1.1E-3", "one plain number"),
        ("1,050.0", "one plain number"),
        ("1.05 mA", "one plain number"),
        ("", "one plain number"),
        ("inf", "one plain number"),
    ],
)
def test_what_is_no_reading_is_refused_with_the_way_on(reading: str, says: str) -> None:
    with pytest.raises(MeterFailed) as refused:
        scpi(Dmm(reading=reading)).read_ma()
    assert says in str(refused.value)


def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    dmm = Dmm()
    one = scpi(dmm)
    assert one.read_ma() == pytest.approx(1.05)
    dmm.late = 1
    with pytest.raises(MeterFailed, match=r"does not answer READ\?"):
        one.read_ma()
    dmm.reading = "+2.00E-03"
    assert one.read_ma() == pytest.approx(2.0)
    assert dmm.opened == 2


def test_answers_that_outlive_the_line_are_passed_over() -> None:
    """As on a serial line, where what was sent waits for whoever opens it next."""
    dmm = Dmm()
    lines: list[Line] = []

    def connect() -> Line:
        lines.append(dmm.connect())
        if len(lines) > 1:
            lines[-1].coming = ["+9.0E-03\n"]
        return lines[-1]

    one = _Scpi(connect, NAME)
    one.identity()
    dmm.gone = True
    with pytest.raises(MeterFailed):
        one.read_ma()
    dmm.gone = False
    assert one.read_ma() == pytest.approx(1.05)


def test_a_name_that_comes_late_leaves_nothing_behind() -> None:
    dmm = Dmm(late=1, no_error="0")  # "0" would be a reading, one answer late
    assert scpi(dmm).read_ma() == pytest.approx(1.05)


def test_a_meter_that_was_disconnected_goes_on_when_it_is_back() -> None:
    dmm = Dmm()
    one = scpi(dmm)
    dmm.gone = True
    for _ in range(2):
        with pytest.raises(MeterFailed):
            one.read_ma()
    dmm.gone = False
    assert one.read_ma() == pytest.approx(1.05)


def test_another_meter_in_its_place_is_refused() -> None:
    dmm = Dmm()
    one = scpi(dmm)
    dmm.gone = True
    with pytest.raises(MeterFailed):
        one.read_ma()
    dmm.gone, dmm.identity = False, "Maker,Model,43,1.0"
    with pytest.raises(MeterFailed, match=r"calls itself 'Maker,Model,43,1.0' now, and was 'Maker,Model,42"):
        one.read_ma()
    dmm.identity = IDENTITY
    assert one.read_ma() == pytest.approx(1.05)


@pytest.mark.parametrize("error", [UnicodeDecodeError("ascii", b"\xff", 0, 1, "no"), TimeoutError("no")])
def test_noise_on_the_line_and_silence_are_told_apart(error: Exception) -> None:
    def fails(_text: str) -> str:
        raise error

    one = scpi(Dmm())
    fail: Callable[[str], str] = fails
    one._resource.query = fail
    says = "look at the speed of its line" if isinstance(error, UnicodeError) else "switch it on"
    with pytest.raises(MeterFailed, match=says):
        one.read_ma()

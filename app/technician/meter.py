"""A bench multimeter over SCPI: LAN, USB, GPIB or a serial line, through PyVISA (the extra `meter`).

Law: every wait ends, every answer is checked to be a number that the unit can give, and the meter is told
its range, so that no reading falls into an automatic change of it. What went wrong before we came is not
taken for our command, an answer that comes late not for the next one, and another meter not for this one.
The commands are those of SCPI-1999, volume 2: CONFigure, READ?, SYSTem:ERRor?, SYSTem:REMote.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from app.extras import missing
from config.scalars import one_line
from controller.backends.meter import Accuracy, Meter, MeterFailed

TIMEOUT_MS: Final = 5000
"""Longest wait for an answer; a reading over 100 periods of the mains takes 2 s."""
RANGE_MA: Final = 100.0
RANGE_V: Final = 100.0
"""Ranges the meter is set to: the next above 27.5 mA and 60 V that bench multimeters have."""
_SCPI_OVERLOAD: Final = 9.9e37
"""What SCPI meters answer beyond their range (SCPI-1999, volume 1, 7.2.1.4: infinity)."""
_SCPI_NO_NUMBER: Final = 9.91e37
"""What they answer where there is no reading (SCPI-1999, volume 1, 7.2.1.5: not a number)."""
_QUEUE: Final = 64
"""An error queue is read at most so often until it is empty; bench meters hold 10 to 32 entries."""
_LATE: Final = 8
"""So many lines are looked through for the meter's name, after answers that came too late."""
_DECIMAL_COMMA: Final = re.compile(r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?")


@contextmanager
def open_meter(resource: str, accuracy: Accuracy) -> Iterator[Meter]:
    """Open the meter with the VISA name `resource`, such as `TCPIP::192.168.0.7::INSTR`, and close it after.

    `accuracy` is of the 100 mA and the 100 V range. The VISA library is PyVISA's choice: an installed one,
    or PyVISA-py; the environment's PYVISA_LIBRARY says otherwise. Raises MeterFailed.
    """
    manager = _manager()
    try:
        scpi = _Scpi(lambda: _resource(manager, resource), resource)
        try:
            yield Meter(scpi.identity(), accuracy, scpi.read_ma, scpi.read_v)
        finally:
            scpi.close()
    finally:
        manager.close()


def _manager() -> Any:
    try:
        import pyvisa
    except ImportError as error:
        raise MeterFailed(missing("meter")) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyVISA-py names optional interfaces that it lacks
        try:
            return pyvisa.ResourceManager()
        except Exception as error:  # each VISA library has its own classes for this
            raise MeterFailed(f"no VISA library can be used ({one_line(str(error), 200)})") from error


def _resource(manager: Any, resource: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return manager.open_resource(
                resource, open_timeout=TIMEOUT_MS, read_termination="\n", write_termination="\n"
            )
    except Exception as error:  # as above: VISA's, the backend's, the socket's
        raise MeterFailed(
            f"the meter {resource} cannot be opened ({one_line(str(error), 200)}): "
            "look at its cable and at the name, which is VISA's, such as "
            "TCPIP::192.168.0.7::INSTR, USB::0x0957::0x0607::MY47000419::INSTR or ASRL/dev/ttyUSB0::INSTR"
        ) from error


class _Silent(MeterFailed):
    """The meter gave no answer in time, or its line is gone; what comes later may be an older answer."""


class _Scpi:
    """The few commands, on a resource that is opened again when it was lost. `connect` opens it."""

    def __init__(self, connect: Callable[[], Any], name: str) -> None:
        self._connect, self._name = connect, name
        self._resource: Any = None
        self._function = self._identity = ""
        self._open()

    def identity(self) -> str:
        """Maker, model and serial number, as the certificate names the meter."""
        self._identity = self._first_answer()
        parts = [part.strip() for part in self._identity.split(",")]
        if len(parts) < 3 or not parts[1]:
            raise MeterFailed(f"{self._name} answers *IDN? with {', '.join(parts)!r}: that is no SCPI meter")
        return one_line(f"{parts[0]} {parts[1]}, serial {parts[2]}", 80)

    def read_ma(self) -> float:
        """One current reading in mA."""
        return 1000.0 * self._read(f"CONF:CURR:DC {RANGE_MA / 1000:g}", RANGE_MA / 1000, "A")

    def read_v(self) -> float:
        """One voltage reading in V."""
        return self._read(f"CONF:VOLT:DC {RANGE_V:g}", RANGE_V, "V")

    def close(self) -> None:
        """Let go of the meter; it keeps its setting."""
        if self._resource is not None:
            with suppress(Exception):  # a line that is gone is closed
                self._resource.close()
        self._resource = None

    # --- the line -----------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._resource = self._connect()
        self._resource.timeout = TIMEOUT_MS
        if self._name.upper().startswith("ASRL"):  # on a serial line many meters obey nothing before this
            self._write("SYST:REM")

    def _first_answer(self) -> str:
        """Ask who it is; once more after SYST:REM, without which some meters obey nobody."""
        try:
            return self._ask("*IDN?")
        except _Silent as first:
            with suppress(MeterFailed):
                self._write("SYST:REM")
                answer = self._ask("*IDN?")
                self._drain()  # the first question may be answered yet
                return answer
            raise first

    def _drain(self) -> None:
        """Read away whatever still comes, so that no answer is taken for that of a later question."""
        with suppress(MeterFailed):
            for _ in range(_LATE):
                self._line(self._resource.read, "*IDN?")

    def _again(self) -> None:
        """Open a line that was lost, pass over late answers, and see that the same meter answers."""
        self.close()
        self._function = ""
        self._open()
        try:
            answer = self._first_answer()
            with suppress(_Silent):
                for _ in range(_LATE):
                    if answer == self._identity:
                        return
                    answer = self._line(self._resource.read, "*IDN?")
        except MeterFailed:
            self.close()
            raise
        self.close()
        raise MeterFailed(
            f"the meter {self._name} calls itself {answer!r} now, and was {self._identity!r}: connect that "
            "one again, or begin anew with --restart and this one"
        )

    def _ask(self, question: str) -> str:
        return self._line(lambda: self._resource.query(question), question)

    def _line(self, action: Callable[[], Any], question: str) -> str:
        return one_line(str(self._do(action, question)).strip(), 200)

    def _write(self, command: str) -> None:
        self._do(lambda: self._resource.write(command), command)

    def _do(self, action: Callable[[], Any], text: str) -> Any:
        try:
            return action()
        except UnicodeError as error:
            raise _Silent(
                f"the meter {self._name} answers {text} with what is no text: look at the speed of its line"
            ) from error
        except Exception as error:  # as in _resource
            raise _Silent(
                f"the meter {self._name} does not answer {text} within {TIMEOUT_MS / 1000:g} s "
                f"({one_line(str(error), 200)}): switch it on, look at its cable, and whether it speaks SCPI "
                "and ends its lines with LF"
            ) from error

    # --- readings -----------------------------------------------------------------------------------------

    def _read(self, function: str, full_scale: float, unit: str) -> float:
        if self._resource is None:
            self._again()
        try:
            if function != self._function:
                self._function = ""
                self._set(function)
                self._function = function
            answer = self._ask("READ?")
        except _Silent:
            self.close()  # the next reading begins with a line of its own
            raise
        return _number(answer, self._name, full_scale, unit)

    def _set(self, function: str) -> None:
        """Choose function and range; what the meter complains of is ours only if it comes again."""
        self._write(function)
        if not (trouble := self._trouble()):
            return
        for prepare in ("", "SYST:REM"):
            self._emptied(function, trouble)
            if prepare:
                self._write(prepare)
                self._emptied(function, trouble)
            self._write(function)
            if not (trouble := self._trouble()):
                return
        raise MeterFailed(
            f"the meter {self._name} refuses {function}: {trouble}; use another meter, or leave --meter out "
            "and type its readings in"
        )

    def _emptied(self, function: str, trouble: str) -> None:
        """Read the error queue until it is empty. Raises MeterFailed where it never is."""
        for _ in range(_QUEUE):
            if not (more := self._trouble()):
                return
            trouble = more
        raise MeterFailed(
            f"the meter {self._name} refuses {function}: {trouble}, and its list of errors does not end: "
            "switch it off and on, or leave --meter out and type its readings in"
        )

    def _trouble(self) -> str:
        """Give the oldest entry of the error queue, "" for none, whatever the meter adds to the number 0."""
        answer = self._ask("SYST:ERR?")
        number = re.match(r"[+-]?[0-9]+", answer)
        if number is not None:
            return answer if int(number[0]) else ""
        return "" if "no error" in answer.lower() else answer or "an empty answer to SYST:ERR?"


def _number(answer: str, name: str, full_scale: float, unit: str) -> float:
    """Read what READ? gave, in A or V. Raises MeterFailed for what is no reading within the range."""
    try:
        plain = answer.replace(",", ".") if _DECIMAL_COMMA.fullmatch(answer) else answer
        value = float(plain)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise MeterFailed(
            f"the meter {name} answers {answer!r} where a number is expected: let it give one plain number, "
            "or leave --meter out and type its readings in"
        )
    if abs(value) > 1.2 * full_scale:
        shown, above = f"{value:g} {unit}", f", above its range of {full_scale:g} {unit}"
        if abs(value) >= _SCPI_OVERLOAD:
            shown, above = ("no number", "") if abs(value) == _SCPI_NO_NUMBER else ("overload", above)
        raise MeterFailed(f"the meter {name} shows {shown}{above}: look at how it is connected")
    return value

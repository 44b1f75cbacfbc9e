"""A bench multimeter over SCPI: LAN, USB, GPIB or a serial line, through PyVISA (the extra `meter`).

Law: every wait ends, every answer is checked to be a number that the unit can give, and the meter is told
its range, so that no reading falls into an automatic change of it. The commands are those of SCPI-1999,
volume 2: CONFigure, READ?, SYSTem:ERRor?.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
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


@contextmanager
def open_meter(resource: str, accuracy: Accuracy) -> Iterator[Meter]:
    """Open the meter with the VISA name `resource`, such as `TCPIP::192.168.0.7::INSTR`, and close it after.

    `accuracy` is of the 100 mA and the 100 V range. The VISA library is PyVISA's choice: an installed one,
    or PyVISA-py; the environment's PYVISA_LIBRARY says otherwise. Raises MeterFailed.
    """
    manager = _manager()
    try:
        scpi = _Scpi(_resource(manager, resource), resource)
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


class _Scpi:
    """The few commands, on an open resource."""

    def __init__(self, resource: Any, name: str) -> None:
        self._resource, self._name = resource, name
        self._function = ""
        resource.timeout = TIMEOUT_MS

    def identity(self) -> str:
        """Maker, model and serial number, as the certificate names the meter."""
        parts = [part.strip() for part in self._ask("*IDN?").split(",")]
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
        with suppress(Exception):  # a line that is gone is closed
            self._resource.close()

    def _read(self, function: str, full_scale: float, unit: str) -> float:
        if function != self._function:
            self._function = ""
            self._do(self._resource.write, function)
            trouble = self._ask("SYST:ERR?")
            if trouble.lstrip("+").partition(",")[0] != "0":
                raise MeterFailed(f"the meter {self._name} refuses {function}: {trouble}")
            self._function = function
        answer = self._ask("READ?")
        try:
            value = float(answer)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise MeterFailed(f"the meter {self._name} answers {answer!r} where a number is expected")
        if abs(value) > 1.2 * full_scale:
            shown = "overload" if abs(value) >= _SCPI_OVERLOAD else f"{value:g} {unit}"
            raise MeterFailed(
                f"the meter {self._name} shows {shown}, above its range of {full_scale:g} {unit}: "
                "look at how it is connected"
            )
        return value

    def _ask(self, question: str) -> str:
        return one_line(str(self._do(self._resource.query, question)).strip(), 200)

    def _do(self, action: Any, text: str) -> Any:
        try:
            return action(text)
        except Exception as error:  # as in _resource
            raise MeterFailed(
                f"the meter {self._name} does not answer {text} within {TIMEOUT_MS / 1000:g} s "
                f"({one_line(str(error), 200)}): switch it on, look at its cable, and whether it speaks SCPI"
            ) from error

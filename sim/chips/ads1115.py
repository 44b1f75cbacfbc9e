"""The ADS1115 analog-to-digital converter at register level.

Law of this module: every behaviour is the data sheet's (TI SBAS444), named where it is used; the chip
knows nothing of what its inputs mean. Conversions are worked out when somebody looks, not when they end.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor, inf
from random import Random
from typing import Final

from sim.chips.bus import Chip
from sim.clock import VirtualClock

CONVERSION: Final = 0
CONFIG: Final = 1
LO_THRESH: Final = 2
HI_THRESH: Final = 3
RESET_CONFIG: Final = 0x8583
RESET_LO: Final = -0x8000
RESET_HI: Final = 0x7FFF
"""Register values after reset (SBAS444, tables 8-3 and 8-4)."""
FULL_SCALE_V: Final = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)
"""Range by the PGA bits (SBAS444, table 8-3)."""
RATE_SPS: Final = (8, 16, 32, 64, 128, 250, 475, 860)
"""Conversions per second by the DR bits (SBAS444, table 8-3)."""
INPUTS: Final = ((0, 1), (0, 3), (1, 3), (2, 3), (0, None), (1, None), (2, None), (3, None))
"""Positive and negative input by the MUX bits, None for ground (SBAS444, table 8-3)."""
RATE_ERROR: Final = 0.10
"""The internal oscillator is within 10 % (SBAS444, electrical characteristics)."""
WAKE_UP_S: Final = 25e-6
"""From power-down to the start of a single conversion (SBAS444, section 7.4.2.1)."""
READY_PULSE_S: Final = 8e-6
"""Length of the conversion-ready pulse in continuous mode (SBAS444, section 7.3.8)."""
QUEUE: Final = (1, 2, 4, 0)
"""Conversions beyond a threshold before ALERT asserts, 0 disables (SBAS444, table 8-3)."""
NOISE_COUNT: Final = 4096
GENERAL_CALL_RESET: Final = 0x06
OS: Final = 0x8000
SINGLE_SHOT: Final = 0x0100
WINDOW: Final = 0x0010
ACTIVE_HIGH: Final = 0x0008
LATCHING: Final = 0x0004


class Ads1115(Chip):
    """One converter. `volts(ain, from_s, to_s)` gives the mean voltage of an input over a window.

    Faults: `silent` (no acknowledge), `frozen` (conversions end, the result never changes), `saturated`
    (every result is positive full scale), `stale` (conversions never end), `corrupt_mask` (bits flipped in
    the next result read, once). Set them through `inject`, which first brings the conversions up to the
    moment of the fault; `go_wrong` lets gain and offset drift.

    `passed_over` may be set for as long as its input stays below `calm_below_v`: then the comparator has
    nothing to see, and only what is read is worked out.
    """

    __slots__ = (
        "_alert",
        "_beyond",
        "_clock",
        "_continuous",
        "_converting",
        "_gain",
        "_noise",
        "_noise_index",
        "_noise_peak_lsb",
        "_offset_lsb",
        "_period_s",
        "_rate_factor",
        "_registers",
        "_running_config",
        "_scale",
        "_settings",
        "_source",
        "_start_s",
        "_volts",
        "_wrong",
        "changed",
        "corrupt_mask",
        "frozen",
        "passed_over",
        "pointer",
        "saturated",
        "silent",
        "stale",
    )

    def __init__(self, clock: VirtualClock, volts: Callable[[int, float, float], float], rng: Random) -> None:
        self._clock = clock
        self._volts = volts
        self._rate_factor = 1.0 + rng.uniform(-RATE_ERROR, RATE_ERROR)
        self._gain = 1.0 + rng.uniform(-0.001, 0.001)
        self._offset_lsb = rng.uniform(-2.0, 2.0)
        self._noise = [rng.gauss(0.0, 1.0) for _ in range(NOISE_COUNT)]
        self._noise_peak_lsb = max(self._noise)
        self._noise_index = 0
        self._registers = [0, 0, 0, 0]
        self._settings: dict[int, tuple[tuple[int, int | None], float, float]] = {}
        self.silent = self.frozen = self.saturated = self.stale = False
        self._wrong: tuple[float, float, float, float] | None = None
        self.corrupt_mask = 0
        self.passed_over = False
        self.changed: Callable[[], None] | None = None
        self.reset()

    def reset(self) -> None:
        """Back to the values after power-on: powered down, all registers at their defaults."""
        self._registers[:] = (0, RESET_CONFIG & ~OS, RESET_LO, RESET_HI)
        self.pointer = CONVERSION
        self._converting = self._continuous = self._alert = False
        self._beyond = 0
        self._start_s = 0.0
        self._load_settings()
        self._tell()

    def inject(self, at_s: float, fault: str, *, on: bool) -> None:
        """Switch the fault attribute `fault` at `at_s`, with every conversion before it already done."""
        self.catch_up(at_s)
        if self.stale:
            self._start_s = at_s
        setattr(self, fault, on)
        self._tell()

    def go_wrong(self, at_s: float, over_s: float, *, gain: float = 1.0, offset_v: float = 0.0) -> None:
        """Let every input read `gain` times its voltage plus `offset_v` (V), arriving there over `over_s`."""
        self.catch_up(at_s)
        self._wrong = (at_s, over_s, gain - 1.0, offset_v)
        self._tell()

    def go_right(self, at_s: float) -> None:
        """End what `go_wrong` began."""
        self.catch_up(at_s)
        self._wrong = None
        self._tell()

    def on_write(self, data: bytes) -> bool:
        """Pointer byte and, when two more follow, the register (SBAS444, section 7.5.3)."""
        self.pointer = data[0] & 3
        if len(data) >= 3:
            self._write_register(self.pointer, data[1] << 8 | data[2])
        return True

    def on_read(self, count: int) -> bytes:
        """Return the register under the pointer, both bytes of one moment, repeating."""
        if self._converting or self._continuous:
            self.catch_up(self._clock.now_s)
        pointer = self.pointer
        word = self._registers[pointer]
        if pointer == CONVERSION:
            if self._registers[CONFIG] & LATCHING:  # only then (SBAS444, table 8-3, COMP_LAT)
                self._alert = False
            if self.corrupt_mask:
                word ^= self.corrupt_mask
                self.corrupt_mask = 0
        elif pointer == CONFIG and not (self._converting or self._continuous):
            word |= OS
        pair = (word & 0xFFFF).to_bytes(2, "big")
        return pair if count == 2 else (pair * (count // 2 + 1))[:count]

    def on_general_call(self, command: int) -> None:
        """Reset by general call (SBAS444, section 7.5.1.2)."""
        if command == GENERAL_CALL_RESET:
            self.reset()

    def alert_level(self) -> bool:
        """Level of the open-drain ALERT/RDY pin with its pull-up: True is high."""
        return self.alert_at(self._clock.now_s)

    def alert_at(self, t_s: float) -> bool:
        """Return the same at `t_s`, which the clock may have passed already."""
        self.catch_up(t_s)
        config = self._registers[CONFIG]
        if QUEUE[config & 3] == 0:
            return True
        asserted = self._ready_signal() if self._ready_mode() else self._alert
        return asserted == bool(config & ACTIVE_HIGH)

    @property
    def compares_at_s(self) -> float:
        """When the comparator has its next conversion to look at, s; infinity while it watches nothing."""
        if self.passed_over or self.stale or not self._continuous or self._running_config & 3 == 3:
            return inf
        return self._start_s + self._period_s

    @property
    def begun_s(self) -> float:
        """When the running conversion began, s, as of the last `catch_up`."""
        return self._start_s

    def calm_below_v(self) -> float:
        """Return the volts below which no conversion changes ALERT; -inf where any may.

        It holds until the chip is written to, is reset or fails.
        """
        config = self._running_config
        if config != self._registers[CONFIG] or config & (WINDOW | LATCHING) or self._source[1] is not None:
            return -inf
        if self._alert or self._beyond or self.saturated or self._wrong is not None or self._ready_mode():
            return -inf
        return (self._registers[HI_THRESH] - self._offset_lsb - self._noise_peak_lsb) / self._scale

    def threshold(self, register: int) -> int:
        """Return the low or the high threshold."""
        return self._registers[register]

    def put_threshold(self, register: int, code: int) -> None:
        """Write the low or the high threshold without the bytes."""
        self._write_register(register, code & 0xFFFF)

    def _tell(self) -> None:
        if self.changed is not None:
            self.changed()

    @property
    def config(self) -> int:
        """The configuration register, without the bit that says that no conversion runs."""
        return self._registers[CONFIG]

    @property
    def converting(self) -> bool:
        """Whether a single conversion runs, as of the last `catch_up`."""
        return self._converting

    def configure(self, word: int) -> None:
        """Write the configuration register without the bytes."""
        self._write_register(CONFIG, word)

    def newest(self, now_s: float) -> int:
        """Return the newest code at `now_s` without the bytes, -32768 to 32767."""
        self.catch_up(now_s)
        return self._registers[CONVERSION]

    def catch_up(self, now_s: float) -> None:
        """Finish every conversion that has ended by `now_s`."""
        if self.stale or not (self._converting or self._continuous):
            return
        while now_s >= (end_s := self._start_s + self._period_s):
            config = self._registers[CONFIG]
            if self._continuous and config == self._running_config:
                self._run_continuous(now_s)
                return
            self._convert(self._start_s, end_s)
            self._converting = False
            self._start_s = end_s
            self._continuous = not config & SINGLE_SHOT
            if config != self._running_config:
                self._load_settings()
            if not self._continuous:
                return

    def _run_continuous(self, now_s: float) -> None:
        """Catch up with unchanged settings; only the last result matters unless the comparator watches."""
        period_s = self._period_s
        count = max(1, int((now_s - self._start_s) / period_s))  # one has ended, whatever the last bit says
        first = count - 1 if self.passed_over or self._running_config & 3 == 3 else 0
        start_s = self._start_s
        for index in range(first, count):
            self._convert(start_s + index * period_s, start_s + (index + 1) * period_s)
        self._start_s = start_s + count * period_s

    def _write_register(self, register: int, word: int) -> None:
        if register == CONVERSION:
            return
        self.catch_up(self._clock.now_s)
        if register != CONFIG:
            self._registers[register] = word - 0x10000 if word & 0x8000 else word
            self._tell()
            return
        self._registers[CONFIG] = word & ~OS
        if self._converting or self._continuous:
            # The running conversion ends with the old settings (SBAS444, section 7.4.2.2): in continuous
            # mode the first result after a change of channel is still the old channel's.
            self._tell()
            return
        if not word & SINGLE_SHOT:
            self._continuous = True
        elif word & OS:
            self._converting = True
        else:
            self._load_settings()
            return
        self._start_s = self._clock.now_s + WAKE_UP_S
        self._load_settings()
        self._tell()

    def _load_settings(self) -> None:
        """Take the configuration register into use, as the chip does between conversions."""
        self._running_config = config = self._registers[CONFIG]
        if (settings := self._settings.get(config)) is None:
            settings = self._settings[config] = (
                INPUTS[config >> 12 & 7],
                32768.0 / FULL_SCALE_V[config >> 9 & 7] * self._gain,
                1.0 / (RATE_SPS[config >> 5 & 7] * self._rate_factor),
            )
        self._source, self._scale, self._period_s = settings

    def _convert(self, from_s: float, to_s: float) -> None:
        if self.frozen:
            return
        if self.saturated:
            code = 0x7FFF
        else:
            positive, negative = self._source
            volts = self._volts(positive, from_s, to_s)
            if negative is not None:
                volts -= self._volts(negative, from_s, to_s)
            if self._wrong is not None:
                begin_s, over_s, gain, offset_v = self._wrong
                share = min(1.0, max(0.0, to_s - begin_s) / over_s)
                volts += share * (volts * gain + offset_v)
            self._noise_index = index = (self._noise_index + 1) % NOISE_COUNT
            code = floor(volts * self._scale + self._offset_lsb + self._noise[index] + 0.5)
            if not -0x8000 <= code <= 0x7FFF:
                code = -0x8000 if code < 0 else 0x7FFF
        self._registers[CONVERSION] = code
        if self._running_config & 3 != 3:
            self._compare(code)

    def _compare(self, code: int) -> None:
        """Run the digital comparator (SBAS444, section 7.3.7)."""
        config = self._running_config
        low, high = self._registers[LO_THRESH], self._registers[HI_THRESH]
        outside = code > high or (bool(config & WINDOW) and code < low)
        inside = not outside if config & WINDOW else code < low
        self._beyond = self._beyond + 1 if outside else 0
        if self._beyond >= QUEUE[config & 3]:
            self._alert = True
        elif inside and not config & LATCHING:
            self._alert = False

    def _ready_mode(self) -> bool:
        """Thresholds crossed on purpose make the pin say `conversion ready` (SBAS444, section 7.3.8)."""
        return self._registers[HI_THRESH] < 0 <= self._registers[LO_THRESH]

    def _ready_signal(self) -> bool:
        if self._continuous:
            return 0.0 <= self._clock.now_s - self._start_s < READY_PULSE_S
        return not self._converting

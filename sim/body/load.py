"""The person between the electrodes: trays, water, body, and skin that changes.

Law of this module: every figure is an anchor of section 4 of the project's facts or is marked as an
assumption, and the voltage always rises with the current.

    V = I * (body * (1 + rise) + drying) + per side [ I * (water + constriction / f) + skin(I / (A f)) ]
        + fall + emf

`f` is the wetted fraction of a side, `A` its electrode area. Fresh skin follows a power law that fits the
percentiles of IEC 479-1 within 6 %; current turns it within seconds into conditioned skin, whose voltage
hardly depends on the current and differs by polarity (Springer BF02474422), and which recovers over half
an hour (Curdy, Kalia, Guy 2000). The series resistance barely moves within seconds (van Boxtel 1977).

Over minutes of current two things go against each other, more of the one or of the other by person: a voltage
that falls (Vienna 1986) and a resistance that rises (the trace of patrick-herke.com). `emf` is what the two
electrodes take, built up by charge in either direction, which stays at the terminals for a while without any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random
from typing import Final

IEC_AREA_CM2: Final = 75.0
"""Middle of the 50 to 100 cm2 that the IEC 479-1 percentiles are given for."""
POWER: Final = 0.6
"""Fresh skin voltage grows with current to this power (fit to IEC 479-1: 5, 50 and 95 %, 25 to 100 V)."""
SPREAD_LN: Final = 0.32
"""Spread between people of the fresh skin voltage, natural log (fit to the IEC 479-1 percentiles)."""
KNEE_MA_PER_CM2: Final = 0.0067
"""Below this density fresh skin is ohmic (assumption: the power law has no finite resistance at zero)."""
CONDITIONED_KNEE_MA_PER_CM2: Final = 0.03
"""Conditioned skin holds its voltage above about 0.3 mA on 7 cm2 (Springer BF02474422)."""
CONDITIONED_KOHM_CM2: Final = 2.5
"""Ohmic rest of conditioned skin (assumption; under 20 ohm a side in a tray)."""
CONDITIONING_MA_PER_CM2: Final = 0.05
"""Density at which the conditioning time constant is given; it scales with 1/density (assumption)."""
RECOVERY_S: Final = 900.0
"""Fresh skin returns with this time constant: 3 times the impedance after 30 min (Curdy, Kalia, Guy 2000)."""
CHARGE_MA_MIN_PER_CM2: Final = 0.5
"""Charge that brings 63 % of the slow fall of skin voltage (assumption)."""
CHARGE_FALL: Final = 0.2
CHARGE_RECOVERY_S: Final = 3600.0
SKIN_NF_PER_CM2: Final = 10.0
"""Skin capacitance; with the resistances above it gives 0.1 to 4 ms (Birlea 2011). It hardly changes with
current and salt, which change the resistance (Oh 1993, J. Control. Release 27:115)."""
FALL_S: Final = 180.0
"""Time constant of the fall over minutes (Vienna 1986: most of it within 5 min, so 2 to 5 min)."""
RISE_S: Final = 300.0
"""Time constant of the rise (fit to the trace of patrick-herke.com)."""
RISE_IN_10_MIN: Final = 1.0 - math.exp(-600.0 / RISE_S)
"""`LoadParams.rise` is what it has come to by then."""
FULL_PACE_MA: Final = 1.0
"""Fall and rise go on at their pace from this current on, and in proportion below (assumption)."""
ELECTRODE_UF_PER_CM2: Final = 10.0
"""Both electrodes' double layers in series, by the area of one (assumption: 20 uF/cm2 each, smooth metal)."""
ELECTRODE_DECAY_S: Final = 60.0
"""What the electrodes have been charged to fades with this time constant (assumption)."""
SMALLEST_FRACTION: Final = 1e-3
SMALLEST_MA: Final = 0.01
SHORTEST_TAU_S: Final = 1e-5
HALF_FALL: Final = (POWER - 1.0) / 2


@dataclass(frozen=True, slots=True)
class LoadParams:
    """A person and their trays. Resistances in ohm, `fresh_v` in V at 1 mA through both sides of 75 cm2.

    `moisture` scales fresh skin (1 dry; water-wet is 10 to 25 % below dry in total, IEC 479-1),
    `conditioned` is how far current can condition the skin (0 to 1), `conditioning_s` how fast at
    0.05 mA/cm2. `fall_v` falls away over minutes of current, at once there with any, and `rise` is the
    share by which `body_ohm` rises in 10 min. `electrode_v` is what both electrodes come to take,
    `back_emf_v` what they stand at before anybody came, positive in forward polarity. `resistor_ohm` replaces
    person and water by a resistor box, not the electrodes. Water: R = d / (sigma A). `skin_nf_per_cm2` is the
    skin's capacitance, and `knee` scales the densities up to which skin is ohmic.
    """

    area_cm2: float = 150.0
    body_ohm: float = 750.0
    fresh_v: float = 5.8
    moisture: float = 0.82
    conditioned: float = 0.93
    conditioning_s: float = 3.0
    anode_v: float = 2.95
    cathode_v: float = 1.9
    fall_v: float = 0.0
    fall_s: float = FALL_S
    rise: float = 0.0
    electrode_v: float = 0.0
    back_emf_v: float = 0.0
    water_us_per_cm: float = 500.0
    water_depth_cm: float = 2.0
    constriction_ohm: float = 40.0
    resistor_ohm: float | None = None
    skin_nf_per_cm2: float = SKIN_NF_PER_CM2
    knee: float = 1.0


class Load:
    """One person's present state. Side 0 is the anode in forward polarity, side 1 in reverse.

    `wetted` holds each side's fraction in contact (1 whole, 0 open), `path_factor` scales the body's
    resistance, `drying_ohm` is added in series. Call `refresh` after changing any of them. `emf_v` is what
    the electrodes are charged to, positive in forward polarity; `direction` is the one in which the output
    meets them, +1 or -1.
    """

    __slots__ = (
        "_capacitance_nf",
        "_charge",
        "_conditioning",
        "_fall_left_v",
        "_fallen",
        "_fresh_knee",
        "_fresh_kv",
        "_lean",
        "_middle",
        "_over_area",
        "_p0",
        "_p1",
        "_params",
        "_per_cm2",
        "_risen",
        "_s0",
        "_s1",
        "_shape",
        "_side0",
        "_side1",
        "_soft_knee",
        "_still_kohm",
        "_water_ohm",
        "direction",
        "drying_ohm",
        "emf_v",
        "path_factor",
        "series_kohm",
        "wetted",
    )

    def __init__(self, params: LoadParams, rng: Random | None = None) -> None:
        """`rng` draws a person like `params`; without one it is exactly that person."""
        skin = body = 1.0
        if rng is not None:
            skin = math.exp(SPREAD_LN * max(-2.0, min(2.0, rng.gauss(0.0, 1.0))) * 0.5)
            body = 1.0 + 0.08 * max(-2.0, min(2.0, rng.gauss(0.0, 1.0)))
        self._params = replace(params, body_ohm=params.body_ohm * body)
        # V per side = fresh_kv * density^0.6: half of the voltage, per density instead of current.
        self._fresh_kv = 0.5 * params.fresh_v * params.moisture * skin * math.pow(IEC_AREA_CM2, POWER)
        self._fresh_knee = (params.knee * KNEE_MA_PER_CM2) ** 2
        self._soft_knee = (params.knee * CONDITIONED_KNEE_MA_PER_CM2) ** 2
        self._lean = (params.anode_v - params.cathode_v) / 2
        self._middle = (params.anode_v + params.cathode_v) / 2
        self._over_area = 1.0 / params.area_cm2
        self._water_ohm = params.water_depth_cm / (params.water_us_per_cm * 1e-6 * params.area_cm2)
        self._conditioning = 1.0 / (CONDITIONING_MA_PER_CM2 * params.conditioning_s)
        self._s0 = self._s1 = self._p0 = self._p1 = self._charge = 0.0
        self._fallen = self._risen = 0.0
        self.emf_v = params.back_emf_v
        self.direction = 1
        self.wetted = [1.0, 1.0]
        self.path_factor = 1.0
        self.drying_ohm = 0.0
        self._shape = (math.nan, math.nan, math.nan, math.nan)
        self.refresh()

    @property
    def area_cm2(self) -> float:
        """Area of one side's electrode."""
        return self._params.area_cm2

    @property
    def in_contact(self) -> bool:
        """Whether both sides touch the water."""
        return self.wetted[0] > 0.0 and self.wetted[1] > 0.0

    def refresh(self) -> None:
        """Work out what the present state means for the voltage."""
        f0, f1 = self.wetted
        shape = (f0, f1, self.path_factor, self.drying_ohm)
        if shape != self._shape:
            self._shape = shape
            self._reshape(f0, f1)
        per_cm0, per_cm1 = self._per_cm2
        fall = 1.0 - CHARGE_FALL * self._charge
        middle, lean = self._middle, self._lean
        rest = fall * CONDITIONED_KOHM_CM2
        self._side0 = (per_cm0, fall * (middle + lean * self._p0), rest)
        self._side1 = (per_cm1, fall * (middle + lean * self._p1), rest)
        params = self._params
        self._fall_left_v = params.fall_v * (1.0 - self._fallen)
        rise_ohm = params.body_ohm * self.path_factor * params.rise * self._risen
        self.series_kohm = self._still_kohm + rise_ohm / (1000.0 * RISE_IN_10_MIN)

    def _reshape(self, f0: float, f1: float) -> None:
        """Work out what depends on the wetted fractions and the path alone, which seldom change."""
        over0 = 1.0 / f0 if f0 > SMALLEST_FRACTION else 1.0 / SMALLEST_FRACTION
        over1 = 1.0 / f1 if f1 > SMALLEST_FRACTION else 1.0 / SMALLEST_FRACTION
        params = self._params
        if params.resistor_ohm is not None:
            self._still_kohm = (params.resistor_ohm + self.drying_ohm) / 1000.0
        else:
            spread = over0 + over1
            narrowing_ohm = params.constriction_ohm * (spread - 2.0)
            body_ohm = params.body_ohm * self.path_factor + self.drying_ohm
            self._still_kohm = (body_ohm + narrowing_ohm + self._water_ohm * spread) / 1000.0
        over_area = self._over_area
        self._capacitance_nf = params.skin_nf_per_cm2 / (over_area * (over0 + over1))
        self._per_cm2 = (over_area * over0, over_area * over1)

    def skin_v(self, current_ma: float) -> float:
        """Voltage over both skins in V at `current_ma` (0 or more) in the present state."""
        if self._params.resistor_ohm is not None:
            return 0.0
        fresh_kv, fresh_knee, soft_knee = self._fresh_kv, self._fresh_knee, self._soft_knee
        per_cm2, held_v, rest = self._side0
        density = current_ma * per_cm2
        square = density * density
        fresh0 = fresh_kv * density * math.pow(square + fresh_knee, HALF_FALL)
        soft0 = density * (held_v / math.sqrt(square + soft_knee) + rest)
        per_cm2, held_v, rest = self._side1
        density = current_ma * per_cm2
        square = density * density
        fresh1 = fresh_kv * density * math.pow(square + fresh_knee, HALF_FALL)
        soft1 = density * (held_v / math.sqrt(square + soft_knee) + rest)
        # Conditioning only ever lowers the voltage: where fresh skin is already lower it stays.
        v0 = fresh0 + self._s0 * (soft0 - fresh0) if soft0 < fresh0 else fresh0
        v1 = fresh1 + self._s1 * (soft1 - fresh1) if soft1 < fresh1 else fresh1
        if self._fall_left_v == 0.0:
            return v0 + v1
        density = 0.5 * current_ma * (self._side0[0] + per_cm2)
        return v0 + v1 + self._fall_left_v * density / math.sqrt(density * density + soft_knee)

    def against_v(self) -> float:
        """Return what the electrodes hold against the output, V; negative where they help it."""
        return self.emf_v * self.direction

    def voltage_at(self, current_ma: float) -> float:
        """Voltage in V that drives `current_ma` (0 or more) in the present state; rises with the current."""
        return current_ma * self.series_kohm + self.skin_v(current_ma) + self.emf_v * self.direction

    def current_at(self, voltage_v: float, source_kohm: float = 0.0) -> float:
        """Return the current in mA that `voltage_v` (0 or more) drives; the inverse of `voltage_at`, or 0.

        `source_kohm` is in series with the load on the side of the voltage.
        """
        against_v = self.emf_v * self.direction
        if voltage_v <= against_v:
            return 0.0
        low, high = 0.0, (voltage_v - against_v) / (self.series_kohm + source_kohm)
        current = high
        for _ in range(60):
            error = self.voltage_at(current) + source_kohm * current - voltage_v
            if error > 0.0:
                high = current
            else:
                low = current
            step = 1e-4 * current + 1e-12
            driven_v = self.voltage_at(current + step) + source_kohm * (current + step)
            slope = (driven_v - voltage_v - error) / step
            following = current - error / slope if slope > 0.0 else low
            if not low <= following <= high:
                following = 0.5 * (low + high)
            if abs(following - current) <= 1e-10 * (1.0 + current):
                return following
            current = following
        return current

    def tau_s(self, current_ma: float, skin_v: float) -> float:
        """Time constant in s of the skins' capacitance beside their present resistance."""
        resistance_kohm = skin_v / (current_ma if current_ma > SMALLEST_MA else SMALLEST_MA)
        tau_s = resistance_kohm * self._capacitance_nf * 1e-6
        return tau_s if tau_s > SHORTEST_TAU_S else SHORTEST_TAU_S

    def advance(self, dt_s: float, current_ma: float) -> None:
        """Let `dt_s` seconds pass with `current_ma` (positive is forward) flowing, then `refresh`."""
        recovery = dt_s / RECOVERY_S
        if current_ma == 0.0:
            self._s0 /= 1.0 + recovery
            self._s1 /= 1.0 + recovery
            self._charge /= 1.0 + dt_s / CHARGE_RECOVERY_S
            self._fallen /= 1.0 + recovery
            self._risen /= 1.0 + recovery
            self.emf_v /= 1.0 + dt_s / ELECTRODE_DECAY_S
            self.refresh()
            return
        sign = 1.0 if current_ma > 0.0 else -1.0
        size = abs(current_ma)
        goal = self._params.conditioned
        density = size * self._side0[0]
        gain = dt_s * density * self._conditioning
        # Implicit steps are stable for any dt and can never leave 0 to 1.
        self._s0 = (self._s0 + gain * goal) / (1.0 + gain + recovery)
        self._p0 = (self._p0 + gain * sign) / (1.0 + gain)
        gain = dt_s * size * self._side1[0] * self._conditioning
        self._s1 = (self._s1 + gain * goal) / (1.0 + gain + recovery)
        self._p1 = (self._p1 - gain * sign) / (1.0 + gain)
        gain = dt_s * density / (60.0 * CHARGE_MA_MIN_PER_CM2)
        self._charge = (self._charge + gain) / (1.0 + gain + dt_s / CHARGE_RECOVERY_S)
        passed_s = dt_s * size if size < FULL_PACE_MA else dt_s
        gain = passed_s / self._params.fall_s
        self._fallen = (self._fallen + gain) / (1.0 + gain)
        gain = passed_s / RISE_S
        self._risen = (self._risen + gain) / (1.0 + gain)
        electrode_v = self._params.electrode_v
        if electrode_v > 0.0:
            # As a capacitor that gives way the more, the nearer it comes to what the electrodes take.
            gain = dt_s * size * self._over_area * 1000.0 / (ELECTRODE_UF_PER_CM2 * electrode_v)
            self.emf_v = (self.emf_v + gain * sign * electrode_v) / (1.0 + gain + dt_s / ELECTRODE_DECAY_S)
        elif self.emf_v != 0.0:
            self.emf_v /= 1.0 + dt_s / ELECTRODE_DECAY_S
        self.refresh()

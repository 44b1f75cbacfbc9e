"""Every threshold of the controller, with its unit and its reason, in one place.

Law: these are the guard's and the session's own figures. The absolute ceilings are in
`protocols/ceilings.py`, the unit's in its YAML; nothing here raises either.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

# --- sensing and contact ---------------------------------------------------------------------------
SENSING_MA: Final = 0.3
"""Current that looks for contact: far below the perception of DC at about 2 mA (unverified figure)."""
SENSING_LIMIT_MA: Final = 0.35
"""The guard's bound on a setpoint that claims to be sensing: `SENSING_MA` and rounding."""
CONTACT_STABLE_S: Final = 2.0
"""Contact must be whole for this long before the ramp: a hand that settles does not count."""
CONTACT_TIMEOUT_S: Final = 60.0
"""Nobody closed the circuit: give up and disconnect."""
READY_TIMEOUT_S: Final = 600.0
"""Nobody pressed Start: give up."""
MIN_LOAD_OHM: Final = 350.0
"""Less than a body: internal resistance alone is about 300 ohm plus two skins, whereas both electrodes
in one tray are 27 to 267 ohm of water."""
MIN_SLOPE_OHM: Final = 600.0
"""What a load must take more for more current, whatever its electrodes hold: both in one tray take 27 to 400
(soft water), the least of the simulated people 830 (large feet, salted, just treated)."""
SLOPE_MA: Final = 0.15
"""The lower of the two sensing currents that this is told by ..."""
SLOPE_SETTLE_S: Final = 0.1
"""... after so long, in which the skin settles (some 10 ms) and every channel has its turn ..."""
SLOPE_SAMPLE_S: Final = 0.1
"""... by the mean of so long. Electrodes are charged by some 0.2 V a second meanwhile, which cancels."""
SLOPE_TAKES_S: Final = 1.35
"""Before the time of `CONTACT_STABLE_S` is over it begins by so much, so that at 0.5 mA/s it costs none."""
FALL_MA: Final = 0.05
"""To this the current falls from `SLOPE_MA` within one tick, so that the skin's capacity shows: by 0.1 mA,
as much as a tick may rise. The lower, the less it matters that current has softened the skin."""
SMALL_OHM: Final = 6_500.0
"""From here on (`contact.contact_ohm_of`) 5 cm2 of skin or less are in contact ..."""
SMALL_FACE_OHM: Final = 10_000.0
"""... and with a mask, of which little more lies on; both by the measured curve in docs/contact.md ..."""
SLOW_CONVERSION: Final = 1.25
"""... and so much more where a conversion takes 2.1 ms (475 a second), in which the voltage falls further."""
SURELY_WHOLE: Final = 0.8
"""What was found small has to come below this share of it: the sensing current itself softens little skin."""
MAX_SENSING_OHM: Final = 150_000.0
"""At 0.3 mA a skin drops 3 to 5 V and a dry one some tens; beyond this nobody is there."""
OPEN_LOAD_OHM: Final = 40_000.0
"""A load this high under a treatment's current is a circuit about to open, not skin (4 to 6 kohm dry)."""

# --- proof of the protections -------------------------------------------------------------------------
PROOF_MA: Final = 0.07
"""Current of the power-up test: connecting it at once stays below 0.1 mA with a stage 0.03 mA off (law 6)."""
PROOF_ALIVE_MA: Final = 0.02
PROOF_ALIVE_V: Final = 5.0
"""A live output shows this current, or this voltage where nobody closes the circuit."""
PROOF_DEAD_MA: Final = 0.015
PROOF_DEAD_V: Final = 3.0
"""A disconnected output shows less than both. What electrodes hold after a current (1.2 V and more, 2.5 at
most by assumption) stands at the terminals of an open output; a live one that nobody closes shows 20 V."""
PROOF_RISE_MA_PER_S: Final = 0.5
"""Where nobody measured what code 0 asks for, the code is raised so slowly until the output is seen live."""
PROOF_REST_S: Final = 0.06
"""A state must last half of this, three readings of the slower channel, to count as seen."""
PROOF_PULL_IN_S: Final = 0.3
"""One-shot or charge pump needs some edges and a relay its operate time."""
PROOF_DROP_OUT_S: Final = 0.1
"""The output must be gone this long after the last heartbeat (law 2)."""
TIMER_PART: Final = 0.03
"""A one-shot's time over parts, temperature and supply: LTC6993 2.3 %, its resistor 0.1 %, and some more."""
PUMP_SHORTEST_S: Final = 0.03
"""A charge pump that holds for less lets go between two ticks of 50 Hz of which one is 10 ms late; the
shortest of ngspice's holds 31 ms."""
PROOF_LOOK_S: Final = 0.006
"""The drop-out is looked at within so long before it is due, and found live, and after, and found dead. Over
all one-shots and relays (`Relays.release_ms` up to 10) that is no clock 1.5 times slow or fast: of a one-shot
of 45 ms the output is gone at 43.7 to 56.4 ms, so it must be seen live at 37.7 ms or later, and a clock 1.5
times slow shows 37.6 at most; it must be seen dead by 62.4, and one 1.5 times fast shows 65.5 at least."""
PROOF_CONVERSION_S: Final = 0.0025
"""A conversion takes so long at most (475 a second, 10 % slow, and being asked for)."""
PROOF_FINDINGS: Final = 2
"""So many tries must find the drop-out too short, or too long: a hand that moves can spoil one."""
PROOF_TRIES: Final = 8
"""Three tell where the ticks are punctual; a computer that is late can't tell in this many."""

PROOF_TRIP_S: Final = 0.1
"""The hardware trip needs two conversions, its latch and its switch microseconds; arming it two ticks."""

# --- Stop's test --------------------------------------------------------------------------------------
STOP_AGAIN_S: Final = 86_400.0
"""Stop is tested once after power-up, and again when this is over: a day."""
STOP_SOONEST_S: Final = 6.0
STOP_LATEST_S: Final = 8.0
"""So long after the press Stop's second contact takes the output away by itself (decision 9; 6.8 to 7.2 s on
the reference circuit, over all parts)."""
STOP_LOOK_S: Final = 0.1
"""When the press is seen and when the output is, to two ticks of 50 Hz each and a relay's release."""
STOP_GONE_S: Final = 0.5
"""The output must have been gone so long, Stop still held; a late heartbeat's drop-out is shorter."""
STOP_CLOSES_S: Final = 0.5
"""The hardware trip is forced and both relays have closed by then."""
STOP_OVER_S: Final = 9.0
"""So long after the last press the timer of the second contact has run out, whatever it ran from: nothing
resets it, and it holds the output open for 0.7 s more."""
STOP_HELD_S: Final = 0.5
"""A press that only the program can see must last so long: a glitch is shorter."""
STOP_THERE_S: Final = 60.0
"""Who pressed Start is there, and has so long for Stop."""
STOP_LET_GO_S: Final = 60.0
"""... and to let go of it."""

# --- the trial on the dummy load -------------------------------------------------------------------
TRIAL_LOW_MA: Final = 5.0
"""A small current into the dummy load, enough to read its resistance within a few percent."""
TRIAL_LOW_RATIO: Final = 0.15
"""... from which the current may differ: the stage's gain (5 %), offset (0.3 mA), how far it is raised."""
TRIAL_OHM_RATIO: Final = 0.10
"""The dummy load's resistance by both readings: uncalibrated channels (5 % each) and its own 1 %."""
TRIAL_OHM_CALIBRATED: Final = 0.03
"""... where current and voltage are calibrated: their meters' half percent each, and its own."""
TRIAL_DEAD_MA: Final = 0.1
"""Code 0, an open switch: nothing, and no more (as in the self-test)."""
TRIAL_OPEN_MA: Final = 0.05
"""A switch that is open lets less than the proof current through, by whichever converter."""
LIMITER_RATIO: Final = 0.06
"""The limiter's window: 5 % over its parts and temperature, and what the converters may be off."""
TRIAL_TICKS: Final = 8
"""What is seen must last for so many ticks: every channel of the control converter has then had its turn."""
TRIAL_WITHIN_S: Final = 0.2
"""... and be there so long after a step has begun: twice the turn of all channels at 100 Hz."""
TRIAL_PROVEN_S: Final = 0.05
"""The guard has seen each switch open for so long, by itself, before it lets the dummy load be put on."""
TRIAL_FULL_S: Final = 0.5
"""Full current into the dummy load, in all: its heat is that of half a second."""
TRIAL_FULL_RATIO: Final = 0.4
"""... which is more than this share of the stage's full scale, asked for or read."""
TRIAL_S: Final = 3.0
"""The dummy load on, in all."""
TRIAL_RETURNED: Final = 2
"""Consecutive samples of the return path that say that current flows through a person."""

# --- the hardware trip -----------------------------------------------------------------------------
TRIP_MARGIN_MA: Final = 0.5
TRIP_MARGIN_RATIO: Final = 0.10
"""Its threshold is setpoint + 0.5 mA + 10 %, as the guard's own for a spike ..."""
TRIP_STEP_MA: Final = 0.05
"""... and so much more, written anew only where that is off by this much, about every twentieth tick of a
ramp."""

# --- polarity -------------------------------------------------------------------------------------
REVERSE_BELOW_MA: Final = 0.2
"""The polarity relay moves only below this measured current, with the output open (law 6)."""
ZERO_PROOF_S: Final = 0.05
"""Zero must be seen for this long before the output is opened for reversal."""

# --- falls ----------------------------------------------------------------------------------------
STOP_WITHIN_S: Final = 5.0
"""A soft stop reaches zero within this time from any current (law 6)."""
STOP_MA_PER_S: Final = 5.0
"""Fall of a soft stop: 25 mA in 5 s; 0.025 mA a tick at 200 Hz, far below what startles."""
FOLD_BACK_HEADROOM_V: Final = 3.0
"""The setpoint folds back when the output is this close to what the stage reaches ..."""
FOLD_BACK_SETTLED_S: Final = 2.0
"""A ramp that the load has held up for this long has arrived where it can."""
FOLD_BACK_RELEASE_V: Final = 5.0
"""... and may rise again, at the ramp, only when it is this far away."""
FOLD_BACK_AHEAD_V: Final = 6.0
"""By what the load has come to take more between two looks, it is taken to grow until the next, but by no
more than this: with it a look takes 28 % of the current at most, be it a corrupt one."""
LACKS_MA: Final = 0.05
"""Where so much less flows of what is set than usual, no more is asked for than flows: half of what may come
back in a tick (law 6), and ten times what noise and pilot do ..."""
LACKS_SWING_MA: Final = 0.4
LACKS_FADES_MA_PER_S: Final = 0.1
"""... and more by what was lately seen too much, up to what hum of 0.3 mA and the trim do together."""
LACKS_USUAL_S: Final = 0.08
"""What lacks for so long is usual: a DAC that is stuck falls behind the steepest ramp by 0.04 mA meanwhile,
so that it stays the guard's to find."""
LACKS_FROM_RATIO: Final = 0.75
"""From this share of what the stage reaches on, a fall of the current may be want of voltage before that was
looked at: half a hand that leaves between two looks takes a fifth more. Below, it is the stage."""
SKIN_V: Final = 4.6
"""What both skins take by themselves, 2.8 V at the anode and 1.8 V at the cathode (Springer BF02474422); the
rest of the voltage is ohmic."""
SKIN_SHARE: Final = 0.6
"""... but at least this share of it, where they take less, and electrodes are being charged."""
WITHDRAWAL_WINDOW_S: Final = 0.05
WITHDRAWAL_PER_S: Final = 1.1
WITHDRAWAL_HITS: Final = 2
"""The ohmic part of the load grows by more than 110 % a second over 50 ms, seen twice running. A movement
that changes the path by 10 % in 0.15 s stays below 80 % a second, fidgeting and drying far below; a hand that
leaves exceeds it before contact breaks, because the resistance goes with one over the wetted area."""
WITHDRAWAL_FROM_MA: Final = 2.0
"""Up to this current a breaking contact is hardly felt (perception of DC, unverified figure)."""
WITHDRAWAL_FALL_S: Final = 0.05
"""From any current to sensing in this time: a hand that leaves in 0.2 s is recognised with 0.07 s to go."""
WITHDRAWAL_BEFORE_S: Final = 0.5
"""What comes back within this time after electrodes that touched is no growth: a short that lasts trips."""
WITHDRAWAL_REST_S: Final = 2.0
"""Contact must have stayed this long before the current returns, at the ramp."""
RELEASED_S: Final = 0.1
"""Stop must have been let go this long for another press to be a second one: contacts bounce for a few ms."""
MAX_STEP_MA: Final = 0.1
"""No rise of the setpoint in one tick may exceed this, whatever the ramp and the loop rate (law 6)."""

# --- the panel --------------------------------------------------------------------------------------
STEP_MA: Final = 0.5
"""What one press of Up or Down changes: makers step by 0.5 to 1 mA, and +1 mA a session is the usual rise
(Dermadry schedule)."""
REST_WITHIN_S: Final = 600.0
"""For so long after the circuit opened Start still gives the rest of the dose."""

GUARD_PROOF_MA: Final = 0.2
"""The guard's trip is forced under this limit by the sensing current, as its own converter sees it."""

# --- guard: fast, confirmed by the next conversion ------------------------------------------------
SPIKE_MARGIN_MA: Final = 0.5
SPIKE_MARGIN_RATIO: Final = 0.10
"""A spike is more than setpoint + 0.5 mA + 10 %: above trim error (5 %) and noise, below a startle."""
SPIKES: Final = 3
SPIKES_WITHIN_S: Final = 60.0
"""So many spikes within so long are no corrupt samples, though the next conversion denied each: a stage that
oscillates is met at its crest now and then, at its trough when measured again."""
SETPOINT_MARGIN_MA: Final = 0.01
"""A setpoint above the most that the session may be set to is a slip of the session. It is a sum of ramp
steps, rounded by some 1e-12 mA; this is two steps of the DAC, a fifth of what may stay off (0.05 mA)."""
OVER_MARGIN_MA: Final = 0.1
OVER_MARGIN_RATIO: Final = 0.05
"""Over-current is more than the treatment's ceiling + 0.1 mA + 5 %; independent limiters of trusted
devices sit 5 % above the maximum (foc.us)."""
LOST_RATIO: Final = 0.5
"""Less than half of the setpoint flows: the circuit is open, or the output is lost."""
DEAD_RATIO: Final = 0.2
"""Less than a fifth of the setpoint without voltage to show for it: the output is dead."""
OPEN_FROM_MA: Final = 0.05
"""... judged by current and voltage together from this setpoint on, below it by voltage alone."""
LOST_FROM_MA: Final = 0.1
"""... and by current without voltage from this one on: an uncalibrated stage may be 0.05 mA short."""
HIGH_VOLTAGE_RATIO: Final = 0.9
"""At 90 % of the compliance voltage the stage is not in control of the current any more."""
LIVE_V: Final = 8.0
"""More than the skins' own voltage at a twentieth of a milliampere: the stage drives, and nothing flows."""
NO_CURRENT_MA: Final = 0.001
"""Readings below this are noise; keeps a quotient finite."""
TINY_MA: Final = 1.0
"""Below this setpoint a voltage near compliance means an open circuit whatever the current reads:
54 V / 1 mA = 54 kohm is no skin."""

# --- guard: slow, N of M --------------------------------------------------------------------------
DEVIATION_MA: Final = 0.4
DEVIATION_RATIO: Final = 0.05
DEVIATION_S: Final = 0.2
"""Sustained difference between setpoint and current: more than an untrimmed stage (5 %, 0.3 mA)."""
MOVED_MA: Final = 0.03
"""The DAC has moved by this much during a deviation: five steps, so the current must have followed."""
REPEATS: Final = 3
"""A converter that repeats itself this often during a deviation is taken for frozen."""
STUCK_MA: Final = 0.2
STUCK_S: Final = 0.25
"""Current while off or at zero: a welded relay or a stuck DAC. The time covers a relay's release."""
UNTRIMMED_MA: Final = 0.05
UNTRIMMED_RATIO: Final = 0.01
TRIMMED_MA: Final = 0.05
TRIMMED_RATIO: Final = 0.03
"""On a calibrated unit the current may be off what the code gives by the record by so much, for as long: a
stage drifts by a third of that with its temperature. More is a stage, or all shunts, changed since."""
UNTRIMMED_SAMPLES: Final = 100
"""The regulated current stays off by more than it may be after calibration (1 % or 0.05 mA, docs/laws.md) for
so many of its samples, 2 s: the trim is at its bound, so the stage is not one we know."""
LEAKAGE_MA: Final = 0.5
LEAKAGE_RATIO: Final = 0.05
"""Output and return current differ by more than both sensors' errors: current leaves to earth."""
POLARITY_FROM_MA: Final = 0.5
"""From this current on the sign of the return current is beyond doubt."""
DISAGREE_MA: Final = 0.3
DISAGREE_RATIO: Final = 0.05
"""The two converters differ by more than both shunts' and converters' errors."""
SLOW_SAMPLES: Final = 3
"""Consecutive samples that disagree before a trip."""
MEMORY_S: Final = 2.0
"""Hits within this add up, whatever the samples between say: a fault that comes and goes has no good moments.
What is there for a tenth of the time in bursts of 40 ms comes at least five times meanwhile."""
SLOW_HITS: Final = 4
"""Wrong samples of supply or return before a trip. One that the next conversion confirms counts for two; a
confirmed one of the return path suffices by itself, since what leaves was measured with it."""
STILL_S: Final = 0.05
"""So long after the setpoint moved (by more than `MOVED_MA` in a tick) denied samples of the return count."""
SHORT_SAMPLES: Final = 6
"""Voltage samples of a short before a trip: 60 ms at least; the current stays regulated meanwhile."""
TURNED_V: Final = 2.5
TURNED_MA_S: Final = 6.0
"""After a reversal the electrodes help, by 2.5 V at most, and by less in proportion to the charge until this
much has flowed: what turns plates of 330 cm2 at 10 uF/cm2 (assumption) from -2.5 to 0 V is 5.7 mA s. So much
is taken to be theirs before a voltage counts as low."""
BREAK_RATIO: Final = 0.85
"""Less than this of what is set flowed for a moment, and the next conversion denies it: a conversion that
met a seventh of a break of its own length at least ..."""
BREAK_BACK_RATIO: Final = 0.07
"""... and this much of it has come back between the two readings: half of what the least break takes."""
BREAKS: Final = 2
BREAKS_WITHIN_S: Final = 60.0
"""... and so many within a minute are a loose contact: each is a full-size rise when it closes again."""
BLIP_MA: Final = 0.4
"""A reading that is away by more than this from its converter's usual and from the next is a moment in which
the current was away: a fall of 2 mA for 0.3 ms shows 0.5 mA in a conversion of 1.2 ms. Hum on the wires shows
its 0.3 mA and no more, whatever its frequency and the rate; people show below 0.03 mA (decision 38)."""
BLIP_SHARE: Final = 0.05
"""The usual follows a reading by this share of what it is away from it: over twenty readings hum is no part
of it, and a converter's error, which grows with the current, is all of it ..."""
BLIP_AWAY_MA: Final = 0.002
"""... and by so much where that is more than `BLIP_MA`: a fault that is there for half of the time does not
become the usual, and at 200 Hz what stays is it after some seconds."""
BLIP_V: Final = 1.0
"""... and so much for the voltage, from the one before and the next. Hum that shows 0.3 mA at a shunt shows
0.47 V at the divider, and swings by twice that; people show 0.15 V."""
BLIPS: Final = 3
"""So many moments within `MEMORY_S` are a loose contact or a spike; one that lacks as much as a break counts
for two. What comes within `STILL_S` is one: both converters may have seen it."""
FROZEN_GUARD_TICKS: Final = 40
"""The same guard code this often in a row: the pilot has moved the DAC five times meanwhile."""
FROZEN_CONTROL_SAMPLES: Final = 8
"""The same code on different channels this often in a row: more than a rotation, in which the supply has its
turn, so that channels that may all read 0 with the output off are no frozen converter."""
IDLE_S: Final = 5.0
"""The output is off for longer than this in mid-treatment only if what is waited for never comes; a reversal
takes 2.1 s with the longest dead and settling times of a unit (config.parts)."""
STALE_S: Final = 0.03
"""No guard reading for this long while connected."""
SATURATED_CODE: Final = 32767
"""Full scale of a 16-bit converter: the true value is unknown."""

# --- guard: proof that the DAC still moves the current -------------------------------------------------
PILOT_PERIOD_TICKS: Final = 7
"""The DAC code is moved by one step every 7 ticks. At 200 Hz that is 14.3 Hz, of which 50 and 60 Hz mains
are no multiple, so hum averages out."""
PILOT_WINDOW_TICKS: Final = 700
"""Ticks over which the slope of current against code is judged; whole pilot periods."""
PILOT_MOVED_RATIO: Final = 0.05
"""The code must have moved in more than one of twenty half periods; else the slope is that of the noise."""
PILOT_MIN_RATIO: Final = 0.3
"""A slope below 30 % of the stage's means that the DAC does not move the current."""

# --- guard: the computer's clock against the battery clock --------------------------------------------
CLOCK_LOOK_S: Final = 2.3
"""So often the battery clock is read. Its seconds are whole; looks that come 2.3 s apart see every tenth of
one within ten looks, so that after 23 s it is known to a tenth where a second begins."""
CLOCK_SOUND: Final = 0.005
"""Sound clocks differ by less: crystals by 0.01 %, one that a time server slews by 0.05 % (adjtimex)."""
CLOCK_OFF: Final = 0.04
"""The clocks run apart by more than this. 5 % is what may be found; 1 % is how well it is known by then."""
CLOCK_PARTINGS: Final = 2
CLOCK_MEMORY_S: Final = 60.0
"""So often within so long they must have parted: once is a chip that was set."""
CLOCK_SHORTEST_S: Final = 2.0
"""A rate is told from at least so much time."""
CLOCK_STILL_S: Final = 10.0
"""A chip that shows one second for so long stands still."""
CLOCK_SILENT_S: Final = 30.0
"""A chip that can't be read for so long is none: what nothing tests is taken to have failed."""

# --- guard: time and dose -------------------------------------------------------------------------
LATE_TICK_S: Final = 0.045
"""A tick or a heartbeat this long after the one before is a trip. The one-shot lets go after 45 to 60 ms, and
an output that dropped out by itself must not come back by itself (law 2)."""
TIME_MARGIN_S: Final = 2.0
TIME_MARGIN_RATIO: Final = 0.005
"""Treatment time may exceed the prescribed by rounding to ticks only."""
DOSE_MARGIN_MA_MIN: Final = 0.2
DOSE_MARGIN_RATIO: Final = 0.02
"""Charge may exceed current x time by the sensors' error only."""


class Headroom(NamedTuple):
    """What the stage keeps of its rail: the output reaches `from_v` less `kohm` times the current, V."""

    from_v: float = math.inf
    kohm: float = 0.0

    def reach_v(self, compliance_v: float, current_ma: float) -> float:
        """Return the highest output voltage in V at a current in mA, at most `compliance_v`."""
        return min(compliance_v, self.from_v - self.kohm * current_ma)


class GuardLimits(NamedTuple):
    """What the guard holds one session to. Currents in mA, voltages in V, times in s, charge in mA min.

    `highest_ma` is the most that this session may ever be set to, which is at most the ceiling. `gives` is
    what a code gives by the calibration record: mA per code, and at code 0; None without a record.
    """

    highest_ma: float
    over_current_ma: float
    compliance_v: float
    supply_min_v: float
    supply_max_v: float
    full_scale_ma: float
    total_s: float
    dose_ma_min: float
    headroom: Headroom = Headroom()
    code_zero_ma: float = 0.0
    gives: tuple[float, float] | None = None

    @classmethod
    def of(  # the arguments are the figures of three rooms, named once
        cls,
        *,
        ceiling_ma: float,
        highest_ma: float,
        total_s: float,
        compliance_v: float,
        supply_min_v: float,
        supply_max_v: float,
        full_scale_ma: float,
        headroom: Headroom = Headroom(),  # noqa: B008  # a value, never changed
        code_zero_ma: float = 0.0,
        gives: tuple[float, float] | None = None,
    ) -> GuardLimits:
        """Derive the guard's limits from the ceiling, the treatment and the unit."""
        highest_ma = min(highest_ma, ceiling_ma)  # whatever the treatment says, the ceiling holds
        return cls(
            highest_ma=highest_ma,
            over_current_ma=ceiling_ma * (1 + OVER_MARGIN_RATIO) + OVER_MARGIN_MA,
            compliance_v=compliance_v,
            supply_min_v=supply_min_v,
            supply_max_v=supply_max_v,
            full_scale_ma=full_scale_ma,
            total_s=total_s * (1 + TIME_MARGIN_RATIO) + TIME_MARGIN_S,
            dose_ma_min=highest_ma * total_s / 60 * (1 + DOSE_MARGIN_RATIO) + DOSE_MARGIN_MA_MIN,
            headroom=headroom,
            code_zero_ma=code_zero_ma,
            gives=gives,
        )

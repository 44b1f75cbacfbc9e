"""What the controller has to do about every fault, by phase: outcome, cause, and within which time.

Law: data only, and one list; `ionto faults` shows it and `ionto campaign` judges by it. A fault may be ridden
only while the true current stays within the setpoint + 1 % and no step exceeds 0.1 mA; that holds for every
row and is not repeated in them.

Times are from the truth's onset (the moment when the fault begins to matter) to the output off, in ms, and
include the bus at 400 kHz, the relay's release (5 ms) and the stage's own settling.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

Value: TypeAlias = float | bool | str

PHASES: Final = (
    "self_test",
    "stop_test",
    "ready",
    "trial",
    "proof",
    "contact",
    "ramp_up forward",
    "hold forward",
    "ramp_down forward",
    "reverse",
    "ramp_up reverse",
    "hold reverse",
    "ramp_down reverse",
    "stopping",
)
"""Where a fault can begin: every phase of a session that is not its end, by direction where it has one."""

FAST_MS: Final = 20.0
"""Over-current, spike, DAC or ADC failure, open circuit: worst case (docs/laws.md)."""
READ_BACK_MS: Final = 150.0
"""What only the read-back of registers can show: each is read every 20 ticks, and once more if busy."""
RETURN_MS: Final = 60.0
"""The return path has its turn every 40 ms, and one sample is confirmed within its tick."""
SLOW_MS: Final = 200.0
"""Slow channels: 3 consecutive samples of a channel that has its turn every 40 ms (limits.SLOW_SAMPLES)."""
DEVIATION_MS: Final = 220.0
"""A deviation that lasts 0.2 s (limits.DEVIATION_S), a tick, and the relay's release."""
FROZEN_MS: Final = 300.0
"""A converter that repeats itself: 40 ticks of the guard's (limits.FROZEN_GUARD_TICKS) and a margin."""
STUCK_MS: Final = 8000.0
"""A DAC whose register moves and whose output does not: two windows of 3.5 s of the pilot, which is the only
witness of it in steady hold; meanwhile the current is what was set."""
PERISHABLE_MS: Final = 100.0
"""The process hung or starved: the one-shot lets go, without software (law 2)."""
TURNED_MS: Final = 10_000.0
"""A short within a reversal: until 6 mA s have turned the electrodes over (limits.TURNED_MA_S) a low voltage
may be theirs. What is lost is charge, not time: 4.1 s at 0.5 mA/s, 9.4 s at 0.1 mA/s (face and underarms;
decision 23)."""
CLOCK_MS: Final = 45_000.0
"""Clocks that run apart by 5 %: known for certain within so much true time (limits.CLOCK_LOOK_S)."""
STOOD_MS: Final = 15_000.0
SILENT_MS: Final = 35_000.0
"""A battery clock that stands still, or can't be read (limits.CLOCK_STILL_S, _SILENT_S), and two looks."""
UNSEEN_MS: Final = 1.0
"""A reset of the DAC that its own next write mends leaves no trace in the chip (decision 12)."""
FLIPPED_MS: Final = 1.0
"""A flipped bit in a write stands for 0.17 ms at most at 400 kHz; the stage settles within 0.1 ms twice."""
STOP_MS: Final = 5000.0
"""A soft stop (law 6)."""


TOO_HIGH: Final = ("current_spike", "over_current", "hardware_trip")
"""Too much current, by whoever is the first to see it: the guard or the hardware trip."""


class Reaction(NamedTuple):
    """Outcomes allowed, causes allowed of a trip, and the bound on a trip's latency in ms, or None."""

    outcomes: tuple[str, ...]
    causes: tuple[str, ...] = ()
    bound_ms: float | None = None

    def __str__(self) -> str:
        """In words, for a person."""
        words = " or ".join(self.outcomes)
        if self.causes:
            words += f" ({', '.join(self.causes)}"
            words += ")" if self.bound_ms is None else f") within {self.bound_ms:g} ms"
        return words


class Row(NamedTuple):
    """One fault with its parameters and what has to follow.

    `by_phase` overrides `reaction`; `why` gives the reason of a bound that is not the design's 20 ms, or of
    riding. `peak_ratio` bounds the true current over the target in an abort, None where the fault itself is
    the current. `folds` marks a fault that the fold-back answers, whose falls are no step, `moves_polarity`
    one that moves the polarity contacts itself. Where the true current was away for `unseen_ms` at most, the
    fault may be ridden too: nothing in the unit can tell it from one that never was. Where the fault shows as
    pulses of the true current, none may last longer than `pulse_ms`; how high they are is the fault itself.
    """

    name: str
    fault: str
    params: Mapping[str, Value]
    reaction: Reaction
    by_phase: Mapping[str, Reaction] = MappingProxyType({})
    why: str = ""
    peak_ratio: float | None = 1.01
    folds: bool = False
    moves_polarity: bool = False
    unseen_ms: float | None = None
    pulse_ms: float | None = None

    def expected(self, phase: str) -> Reaction:
        """Return what has to follow when the fault begins in `phase`."""
        return self.by_phase.get(phase, self.reaction)


class Elsewhere(NamedTuple):
    """A fault of the computer rather than of the unit: no scenario can hold it; `shown_by` names its test."""

    name: str
    does: str
    expected: str
    shown_by: str


RIDDEN: Final = Reaction(("completed",))
REFUSED: Final = Reaction(("refused",))
STOPPED: Final = Reaction(("stopped",))


def _aborted(*causes: str, ms: float | None = FAST_MS) -> Reaction:
    return Reaction(("aborted",), causes, ms)


def _or(reaction: Reaction, *outcomes: str, ms: float | None = None) -> Reaction:
    """Allow more outcomes, and another bound where one is given."""
    return Reaction((*reaction.outcomes, *outcomes), reaction.causes, ms or reaction.bound_ms)


def _row(
    name: str,
    params: Mapping[str, Value],
    driven: Reaction,
    *,
    before: Reaction | None = None,
    contact: Reaction | None = None,
    reverse: Reaction | None = None,
    last: Reaction | None = None,
    stopping: Reaction | None = None,
    other: Mapping[str, Reaction] = MappingProxyType({}),
    why: str = "",
    peak_ratio: float | None = 1.01,
    folds: bool = False,
    moves_polarity: bool = False,
    unseen_ms: float | None = None,
    pulse_ms: float | None = None,
) -> Row:
    """Make a row from what differs: the fault's name is the first word of `name`.

    `driven` holds in ramps and hold and wherever nothing else is said. `before` is the self-test, Stop's
    test, Ready, the trial and the proof, where a refusal is right unless it is given; `last` the end of the
    second ramp down, which a slow detection may not reach; `stopping` likewise.
    """
    early = before or (_or(driven, "refused") if "aborted" in driven.outcomes else driven)
    by_phase = dict.fromkeys(("self_test", "stop_test", "ready", "trial", "proof"), early)
    by_phase |= {
        "contact": contact or driven,
        "reverse": reverse or driven,
        "ramp_down reverse": last or driven,
    }
    ending = STOPPED if driven == RIDDEN else driven
    by_phase |= {"stopping": stopping or ending, **other}
    fault = name.split(maxsplit=1)[0]
    return Row(
        name,
        fault,
        params,
        driven,
        by_phase,
        why,
        peak_ratio,
        folds,
        moves_polarity,
        unseen_ms,
        pulse_ms,
    )


_LOST = _aborted("open_circuit")
_NOBODY = Reaction(("refused", "aborted"), ("open_circuit",), FAST_MS)
_TOO_MUCH = _aborted(*TOO_HIGH)
_STUCK_EARLY = Reaction(
    ("aborted", "refused"),
    ("dac_stuck", "output_lost", "deviation", "open_circuit", "output_stuck", "current_spike"),
    STUCK_MS,
)
_MECHANICAL = Reaction(
    ("completed", "aborted"), ("output_lost", "open_circuit", "output_stuck", "wrong_polarity"), FROZEN_MS
)
_FINE = {"ready": RIDDEN, "trial": RIDDEN, "proof": RIDDEN}
_LATE_IN_IT = dict.fromkeys(
    ("ramp_up reverse", "hold reverse"), Reaction(("aborted", "completed"), ("clock_wrong",), CLOCK_MS)
)
"""What takes half a minute to be told may come to the treatment's end before."""

_PERSON = (
    _row("hand_out", {}, _LOST, before=_NOBODY, contact=_NOBODY),
    _row("one_tray_only", {}, _LOST, before=_NOBODY, contact=_NOBODY),
    *(
        _row(
            f"hand_slides_out {over_s:g} s",
            {"over_s": over_s},
            _LOST,
            before=_NOBODY,
            contact=_NOBODY,
            last=_or(_LOST, "completed"),
            stopping=_or(_LOST, "stopped"),
            folds=True,
            why="the fold-back may have taken the current before the hand is out",
        )
        for over_s in (0.2, 1.0)
    ),
    _row(
        "hand_flutters 5 Hz",
        {"hz": 5.0, "for_s": 2.0},
        _LOST,
        before=_or(_NOBODY, "completed"),
        contact=_or(_NOBODY, "completed"),
        why="nothing but sensing flows until contact was whole for 2 s: the person may settle",
    ),
    _row(
        "press Stop",
        {"button": "stop"},
        STOPPED,
        other={"self_test": Reaction(("stopped", "refused")), "stop_test": RIDDEN},
        why="off within 5 s, from any phase; pressed since power-up it may be refused as stuck, and in "
        "Stop's test a press is what is tried",
    ),
    _row(
        "load_drying to 6 kohm",
        {"to_ohm": 5000.0, "over_s": 30.0},
        RIDDEN,
        why="the setpoint folds back: less current, no trip",
    ),
    _row(
        "load_drying beyond compliance",
        {"to_ohm": 90_000.0, "over_s": 10.0},
        Reaction(("completed", "aborted"), ("open_circuit", "deviation"), None),
        before=Reaction(("completed", "aborted", "refused"), ("open_circuit", "deviation"), None),
        contact=Reaction(("completed", "aborted", "refused"), ("open_circuit", "deviation"), None),
        stopping=Reaction(("stopped", "aborted"), ("open_circuit", "deviation"), None),
        folds=True,
        why="less than the setpoint flows; 9 kohm a second outruns the fold-back, 40 kohm count as open",
    ),
    _row(
        "start_stuck",
        {},
        RIDDEN,
        before=REFUSED,
        other={**_FINE, "ready": _or(REFUSED, "completed")},
        why="Start does nothing once a session runs; stuck before it was let go it refuses the session",
    ),
    _row(
        "stop_dead",
        {},
        RIDDEN,
        other={"stop_test": _or(REFUSED, "completed")},
        why="what nothing tests is taken to have failed: a press that is not read passes no test. Dead only "
        "after that it is found at the next power-up, or after a day",
    ),
    *(
        _row(
            f"stop_delay {name}",
            {"to_s": to_s},
            RIDDEN,
            other={"stop_test": _or(REFUSED, "completed")},
            why="the second contact's time is seen in Stop's test, and by nothing after it or after the drop",
        )
        for name, to_s in (("never", 0.0), ("too soon", 3.0), ("too late", 12.0))
    ),
)

_OUTPUT = (
    _row(
        "current_spike 30 mA",
        {"to_ma": 30.0, "for_s": 0.5},
        _TOO_MUCH,
        before=_or(_TOO_MUCH, "refused", "completed"),
        peak_ratio=None,
        why="with the DAC at zero there is no current: a spike that ends before Start is none",
    ),
    _row(
        "current_spike latched",
        {"to_ma": 20.0, "for_s": 5.0, "latched": True},
        _aborted(*TOO_HIGH, "output_stuck"),
        other={"self_test": REFUSED, "stop_test": _or(REFUSED, "completed"), "ready": REFUSED},
        peak_ratio=None,
        why="a stage that is latched before Start is found on the dummy load, at code 0; one that lets go "
        "before was latched while nothing could flow",
    ),
    _row("over_current by 5 mA", {"by_ma": 5.0}, _TOO_MUCH, peak_ratio=None),
    _row(
        "stage_drift -30 %",
        {"percent": -30.0, "over_s": 5.0},
        _aborted("deviation", "dac_stuck", ms=14_000.0),
        last=Reaction(("aborted", "completed"), ("deviation", "dac_stuck"), 14_000.0),
        stopping=Reaction(("aborted", "stopped"), ("deviation", "dac_stuck"), 14_000.0),
        other={"ramp_down forward": Reaction(("aborted",), ("deviation", "dac_stuck"), 60_000.0)},
        why="trimmed until it exceeds the trim and 0.4 mA + 5 % (from 4.2 mA on); the drift takes 5 s itself",
    ),
    _row(
        "stage_drift +30 %",
        {"percent": 30.0, "over_s": 5.0},
        _aborted("deviation", *TOO_HIGH, "dac_stuck", ms=14_000.0),
        last=Reaction(("aborted", "completed"), ("deviation", *TOO_HIGH), 14_000.0),
        stopping=Reaction(("aborted", "stopped"), ("deviation", *TOO_HIGH, "output_lost"), 14_000.0),
        peak_ratio=1.15,
        other={"ramp_down forward": Reaction(("aborted",), ("deviation", *TOO_HIGH), 60_000.0)},
        why="as above; above the setpoint by 0.4 mA + 5 % for 0.2 s at most",
    ),
    _row("stage_drift 3 %", {"percent": 3.0, "over_s": 5.0}, RIDDEN, why="trimmed away as it comes"),
    _row("stage_drift 1 %", {"percent": 1.0, "over_s": 60.0}, RIDDEN, why="a unit that warms up"),
    _row(
        "stage_winds_up",
        {},
        Reaction(("completed", "aborted"), TOO_HIGH, FAST_MS),
        before=Reaction(("completed", "aborted", "refused"), TOO_HIGH, FAST_MS),
        stopping=Reaction(("stopped", "aborted"), TOO_HIGH, FAST_MS),
        why="a pulse at the limiter for 0.4 ms whenever a circuit closes: one conversion rarely shows it",
        peak_ratio=None,
        pulse_ms=1.0,
    ),
    _row(
        "stage_oscillates 9 kHz",
        {"hz": 9_000.0, "top_ma": 40.0},
        _TOO_MUCH,
        before=_or(_TOO_MUCH, "refused"),
        peak_ratio=None,
        why="a converter reads the mean, of 20 mA; one whose mean is the setpoint no converter tells",
    ),
    _row(
        "short_circuit",
        {},
        _aborted("short_circuit", ms=PERISHABLE_MS),
        contact=Reaction(("refused", "aborted"), ("short_circuit",), PERISHABLE_MS),
        reverse=_aborted("short_circuit", ms=TURNED_MS),
        other={"ramp_up reverse": _aborted("short_circuit", ms=TURNED_MS)},
        why="6 samples of the voltage in a row, after a reversal once it is no longer that of the "
        "electrodes; the current stays regulated meanwhile",
    ),
    _row(
        "leakage 2 mA",
        {"ma": 2.0},
        _aborted("leakage", ms=RETURN_MS),
        before=Reaction(("aborted", "refused"), ("leakage",), 4000.0),
        contact=_aborted("leakage", ms=4000.0),
        reverse=_aborted("leakage", ms=1500.0),
        stopping=_aborted("leakage", ms=RETURN_MS),
        why="a sample of the return path, confirmed; told from the sensors' errors from 0.5 mA on",
    ),
)

_LATER_MS: Final = 4000.0
_CONTROL_OFF: Final = ("adc_disagree", "leakage", "wrong_polarity", "supply")
_ADCS = ("control", "guard", "both")
_CONVERTERS = (
    *(_row(f"adc_silent {which}", {"which": which}, _aborted("adc_silent")) for which in _ADCS),
    *(
        _row(
            f"adc_frozen {which}",
            {"which": which},
            _aborted("adc_frozen", *looks_like, ms=FROZEN_MS),
            before=Reaction(("aborted", "refused"), ("adc_frozen", "supply", *looks_like), _LATER_MS),
            reverse=_aborted("adc_frozen", "supply", *looks_like, ms=2 * FROZEN_MS),
            stopping=_aborted("adc_frozen", "adc_disagree", *looks_like, ms=FROZEN_MS),
            why="40 equal codes while current is asked for (with the output open all are alike); the control "
            "converter's last voltage, read as current, may look like too much of it before it has repeated; "
            "what it read last, taken for a voltage below 1 mA, like an open circuit",
        )
        for which, looks_like in (
            ("control", ("current_spike", "open_circuit")),
            ("guard", ()),
            ("both", ("current_spike", "open_circuit")),
        )
    ),
    _row("adc_stale control", {"which": "control"}, _aborted("adc_stale")),
    _row("adc_stale both", {"which": "both"}, _aborted("adc_stale")),
    _row(
        "adc_stale guard",
        {"which": "guard"},
        _aborted("adc_frozen", ms=FROZEN_MS),
        before=Reaction(("aborted", "refused"), ("adc_frozen",), _LATER_MS),
        reverse=_aborted("adc_frozen", ms=2 * FROZEN_MS),
        stopping=_aborted("adc_frozen", "adc_disagree", ms=FROZEN_MS),
        why="a free-running converter that stops is one that repeats itself",
    ),
    _row(
        "adc_reset control",
        {"which": "control"},
        _or(_aborted("adc_reset"), "completed"),
        stopping=_or(_aborted("adc_reset"), "stopped"),
        why="its configuration is written anew in every tick: ridden where no conversion was under way",
    ),
    _row(
        "adc_reset guard",
        {"which": "guard"},
        _aborted("adc_reset", "hardware_trip", ms=READ_BACK_MS),
        why="at once where current flows, since it then reads nothing; else by reading back; a converter "
        "that was reset lets go of ALERT, so that the hardware trip may be seen first",
    ),
    _row(
        "adc_saturated control",
        {"which": "control"},
        _aborted("adc_saturated", "supply", ms=50.0),
        why="found in the next sample of any channel but current",
    ),
    _row(
        "adc_saturated guard",
        {"which": "guard"},
        _aborted("adc_saturated", "hardware_trip"),
        before=Reaction(("aborted", "refused"), ("adc_saturated", "hardware_trip", "output_stuck"), 400.0),
        reverse=_aborted("adc_saturated", "hardware_trip", "output_stuck", ms=400.0),
        why="with the output open it looks like current that is still on for 0.25 s; its comparator sets the "
        "hardware trip, which may be seen before the code is read",
    ),
    _row(
        "adc_drift control +20 %",
        {"which": "control", "percent": 20.0, "over_s": 5.0},
        _aborted(*_CONTROL_OFF, ms=14_000.0),
        last=Reaction(("aborted", "completed"), _CONTROL_OFF, 14_000.0),
        stopping=Reaction(("aborted", "stopped"), _CONTROL_OFF, 14_000.0),
        other={"ramp_down forward": Reaction(("aborted",), _CONTROL_OFF, 60_000.0)},
        why="the return path shows it first; else found when the two differ by 0.3 mA + 5 %",
    ),
    _row(
        "adc_drift control -20 %",
        {"which": "control", "percent": -20.0, "over_s": 5.0},
        _aborted(*_CONTROL_OFF, ms=14_000.0),
        last=Reaction(("aborted", "completed"), _CONTROL_OFF, 14_000.0),
        stopping=Reaction(("aborted", "stopped"), _CONTROL_OFF, 14_000.0),
        peak_ratio=1.15,
        other={"ramp_down forward": Reaction(("aborted",), _CONTROL_OFF, 60_000.0)},
        why="as above, but more current flows than set, by 0.3 mA + 5 % at most",
    ),
    _row(
        "adc_drift guard -20 %",
        {"which": "guard", "percent": -20.0, "over_s": 5.0},
        _aborted("adc_disagree", "deviation", ms=14_000.0),
        last=Reaction(("aborted", "completed"), ("adc_disagree", "deviation"), 14_000.0),
        stopping=Reaction(("aborted", "stopped"), ("adc_disagree", "deviation"), 14_000.0),
        other={"ramp_down forward": Reaction(("aborted",), ("adc_disagree", "deviation"), 60_000.0)},
        why="found when the two differ by 0.3 mA + 5 %",
    ),
    _row(
        "adc_disagree guard",
        {"which": "guard", "by_mv": -100.0},
        _aborted("adc_disagree", "output_lost", "open_circuit", ms=DEVIATION_MS),
        before=Reaction(
            ("aborted", "refused"), ("adc_disagree", "output_lost", "open_circuit", "guard_blind"), _LATER_MS
        ),
        contact=_aborted("adc_disagree", "output_lost", "open_circuit", ms=_LATER_MS),
        reverse=_aborted("adc_disagree", "output_lost", "open_circuit", ms=1000.0),
        why="3 samples of both, or 0.2 s of deviation where the guard reads so little that it is doubted",
    ),
    _row(
        "adc_disagree control",
        {"which": "control", "by_mv": -100.0},
        _aborted(*_CONTROL_OFF, ms=SLOW_MS),
        before=Reaction(("aborted", "refused"), _CONTROL_OFF, 1000.0),
        contact=Reaction(("aborted", "refused"), _CONTROL_OFF, SLOW_MS),
        peak_ratio=1.05,
        why="3 samples of both; the trim follows the wrong one by 0.03 mA a sample until then",
    ),
    _row("corrupt_sample control", {"which": "control"}, RIDDEN, why="measured again before it is judged"),
    _row("corrupt_sample guard", {"which": "guard"}, RIDDEN, why="measured again before it is judged"),
    _row("dac_silent", {}, _aborted("dac_silent")),
    _row(
        "dac_stuck",
        {},
        _aborted("dac_stuck", "output_lost", "open_circuit", "current_spike", ms=STUCK_MS),
        before=_STUCK_EARLY,
        contact=_STUCK_EARLY,
        stopping=_aborted("dac_stuck", "current_spike", "deviation", ms=2000.0),
        why="only the pilot tells in steady hold, in two windows of 3.5 s; the current is as set meanwhile",
    ),
    _row(
        "dac_reset to 0",
        {"to_code": 0.0},
        _aborted("dac_reset"),
        before=RIDDEN,
        reverse=RIDDEN,
        other={
            "stop_test": Reaction(("completed", "aborted"), ("dac_reset",), FAST_MS),
            "trial": Reaction(("completed", "aborted", "refused"), ("dac_reset",), FAST_MS),
            "proof": Reaction(("completed", "aborted"), ("dac_reset",), FAST_MS),
        },
        why="at zero it holds 0 anyway; in Stop's test, trial and proof it is at zero some of the time; "
        "written over between reading back and writing it may be ridden: the true current is away for 1 ms "
        "at most (decision 12)",
        unseen_ms=UNSEEN_MS,
    ),
    _row(
        "dac_reset to half scale",
        {"to_code": 2048.0},
        _aborted("dac_reset", *TOO_HIGH, ms=READ_BACK_MS),
        peak_ratio=None,
        why="the next tick writes it right; that the EEPROM is wrong is found by reading back",
    ),
    _row(
        "dac_busy 50 ms",
        {"for_s": 0.05},
        Reaction(("completed", "aborted"), ("dac_reset",), READ_BACK_MS),
        before=Reaction(("completed", "aborted", "refused"), ("dac_reset",), READ_BACK_MS),
        stopping=Reaction(("stopped", "aborted"), ("dac_reset",), READ_BACK_MS),
        why="it holds its output; over before the next reading back it is harmless",
    ),
    _row(
        "dac_busy 1 s",
        {"for_s": 1.0},
        _aborted("dac_reset", ms=READ_BACK_MS),
        why="found by reading back; it holds its output meanwhile",
    ),
    _row(
        "dac_flipped",
        {},
        RIDDEN,
        why="read back in the transfer that wrote it, and written again at once (decision 21)",
        pulse_ms=FLIPPED_MS,
    ),
)

_LATENT = Reaction(("refused", "completed"))
_THRESHOLD = Reaction(("aborted", "completed"), ("adc_reset", "hardware_trip"), READ_BACK_MS)
_TRIP = (
    *(
        _row(
            name,
            {},
            RIDDEN,
            before=_LATENT,
            other={"self_test": REFUSED, "ready": REFUSED},
            why="nothing asks for the hardware trip; the next proof forces it and refuses the unit by name",
        )
        for name in ("trip_shorted", "trip_stuck")
    ),
    _row(
        "trip_wire_broken",
        {},
        _aborted("hardware_trip", ms=1000.0),
        why="the output opens by itself at once; where it is off anyhow, named as soon as it is driven",
    ),
    *(
        _row(
            name,
            {},
            _THRESHOLD,
            before=_or(_THRESHOLD, "refused"),
            stopping=_or(_THRESHOLD, "stopped"),
            why="read back every 20 ticks, unless the setpoint has it written anew before",
        )
        for name in ("trip_threshold_flipped", "trip_threshold_lost")
    ),
)

_BESIDE = _aborted("leakage", *TOO_HIGH, "hardware_trip", ms=_LATER_MS)
_DUMMY = (
    *(
        _row(
            name,
            params,
            RIDDEN,
            before=REFUSED,
            other={"trial": _LATENT, "proof": RIDDEN},
            why="nothing asks for it once the stage was tried; the next trial refuses the unit by name",
        )
        for name, params in (
            ("dummy_open", {}),
            ("dummy_shorted", {}),
            ("dummy_off +50 %", {"percent": 50.0}),
            ("dummy_off -50 %", {"percent": -50.0}),
            ("dummy_dead", {}),
            ("limiter_off none", {"to_ma": 60.0}),
            ("limiter_off 20 mA", {"to_ma": 20.0}),
        )
    ),
    _row(
        "dummy_hangs",
        {},
        _BESIDE,
        before=_or(_BESIDE, "refused"),
        last=_or(_BESIDE, "completed"),
        stopping=_or(_BESIDE, "stopped"),
        why="it takes its share of a person's current: what leaves and what returns differ by more than "
        "0.5 mA once so much is set, at 0.5 mA/s some seconds later; before Start the trial refuses it",
    ),
)

_UNIT = (
    _row("bus_hung for good", {}, _aborted("bus_hung")),
    _row("bus_hung 35 ms", {"for_s": 0.035}, _aborted("bus_hung")),
    _row(
        "supply_sag to 50 V",
        {"to_v": 50.0},
        _aborted("supply", ms=SLOW_MS),
        why="2 samples of the supply, each confirmed; the current stays regulated",
    ),
    # A guard's converter that is reset reads as trip, which is seen first where the tick had read the others.
    _row("brown_out", {}, _aborted("adc_reset", "dac_reset", "supply", "hardware_trip")),
    *(
        _row(
            f"relay_open {which}",
            {"which": which},
            _aborted("output_lost"),
            contact=Reaction(("refused", "aborted"), ("output_lost",), FAST_MS),
        )
        for which in ("series", "enable")
    ),
    *(
        _row(
            f"relay_welded {which}",
            {"which": which},
            RIDDEN,
            before=REFUSED,
            other={"proof": Reaction(("refused", "completed"))},
            why="the other relay still opens; the next start's proof finds it and refuses",
        )
        for which in ("series", "enable")
    ),
    *(
        _row(
            f"{fault} {which}",
            {"which": which},
            _MECHANICAL,
            before=_or(_MECHANICAL, "refused"),
            contact=_or(_MECHANICAL, "refused"),
            stopping=_or(_MECHANICAL, "stopped"),
            why="shows only when it moves, and then without current",
        )
        for fault in ("relay_slow", "relay_bouncing")
        for which in ("series", "enable", "polarity")
    ),
    _row(
        "polarity_stuck",
        {},
        _aborted("wrong_polarity", ms=1500.0),
        last=RIDDEN,
        reverse=Reaction(("aborted", "completed"), ("wrong_polarity",), 1500.0),
        stopping=STOPPED,
        other={"ramp_up reverse": RIDDEN, "hold reverse": RIDDEN},
        why="shows after the reversal, from 0.5 mA on, where the sign of the return path is beyond doubt",
    ),
    _row(
        "polarity_moves",
        {},
        _aborted("wrong_polarity", "open_circuit", "output_lost", ms=RETURN_MS),
        before=Reaction(("aborted", "refused"), ("wrong_polarity",), _LATER_MS),
        contact=_aborted("wrong_polarity", ms=_LATER_MS),
        reverse=Reaction(("aborted", "completed"), ("wrong_polarity",), 1500.0),
        moves_polarity=True,
        why="a sample of the return path, confirmed",
    ),
    *(
        _row(
            f"clock_rate {name}",
            {"factor": factor},
            _aborted("clock_wrong", ms=CLOCK_MS),
            before=Reaction(("refused", "aborted"), ("clock_wrong", "adc_stale"), CLOCK_MS),
            last=Reaction(("aborted", "completed"), ("clock_wrong",), CLOCK_MS),
            stopping=Reaction(("aborted", "stopped"), ("clock_wrong",), CLOCK_MS),
            other=late,
            why="two looks at a chip of whole seconds tell little, some tell all; before the person a clock "
            "that is 1.5 times off is refused by the one-shot's time",
        )
        for name, factor, late in (
            ("4 times slow", 0.25, {}),
            ("1.5 times slow", 0.667, {}),
            ("6 % fast", 1.06, _LATE_IN_IT),
        )
    ),
    _row(
        "battery_clock_set",
        {"by_s": 3600.0},
        RIDDEN,
        why="a chip that is set jumps once, and the current is what was set",
    ),
    *(
        _row(
            name,
            {},
            _aborted("clock_wrong", ms=bound_ms),
            last=Reaction(("aborted", "completed"), ("clock_wrong",), bound_ms),
            stopping=Reaction(("aborted", "stopped"), ("clock_wrong",), bound_ms),
            other={} if bound_ms == STOOD_MS else _LATE_IN_IT,
            why="what nothing tests is taken to have failed; a look or two that fail are ridden",
        )
        for name, bound_ms in (("battery_clock_stopped", STOOD_MS), ("battery_clock_silent", SILENT_MS))
    ),
    _row("stall 10 ms", {"for_s": 0.01}, RIDDEN, why="counted, not tripped: so late a tick is ridden"),
    *(
        _row(
            f"stall {1000 * stall_s:g} ms",
            {"for_s": stall_s},
            _aborted("late_tick", "output_lost", "open_circuit", ms=PERISHABLE_MS),
            before=Reaction(("completed", "aborted", "refused"), ("late_tick", "output_lost"), PERISHABLE_MS),
            contact=Reaction(("completed", "aborted"), ("late_tick", "output_lost"), PERISHABLE_MS),
            reverse=Reaction(("completed", "aborted"), ("late_tick", "output_lost"), PERISHABLE_MS),
            why="the one-shot lets go 50 ms after the last heartbeat; an open output has nothing to lose",
        )
        for stall_s in (0.05, 0.2)
    ),
)

ROWS: Final[Mapping[str, Row]] = MappingProxyType(
    {row.name: row for group in (_PERSON, _OUTPUT, _CONVERTERS, _TRIP, _DUMMY, _UNIT) for row in group}
)
"""Every row by name, in the order in which they are shown."""

ELSEWHERE: Final = (
    Elsewhere(
        "process_killed",
        "the controller's process dies at any moment, by SIGKILL or for want of memory",
        "true current off within 100 ms by the one-shot; the next start finds it off and resumes nothing",
        "tests/chaos/test_kills.py::test_the_current_is_gone_in_time_and_the_next_start_knows[sigkill]",
    ),
    Elsewhere(
        "process_stopped",
        "the controller's process is stopped (SIGSTOP) and goes on later (SIGCONT)",
        "off within 100 ms by the one-shot; late_tick when it goes on, and it stays off",
        "tests/chaos/test_kills.py::test_the_current_is_gone_in_time_and_the_next_start_knows[stop]",
    ),
    Elsewhere(
        "control_thread_hung",
        "a call in the tick never comes back, or a hog of higher priority takes the processor",
        "off within 100 ms by the one-shot",
        "tests/chaos/test_kills.py::test_the_current_is_gone_in_time_and_the_next_start_knows[hang]",
    ),
    Elsewhere(
        "wall_clock_moved",
        "the wall clock is set by an hour either way",
        "nothing: the loop knows only the monotonic clock",
        "tests/app/test_reactions.py::test_a_wall_clock_moved_by_an_hour_moves_nothing",
    ),
    Elsewhere(
        "disk_full",
        "the journal's disk is full, read-only or failing",
        "refused before the start, with a sentence; during a session as decision 6 says",
        "tests/chaos/test_attached.py::test_a_directory_that_cannot_keep_the_journal_is_refused_before_the_start",
    ),
    Elsewhere(
        "calibration_corrupt",
        "the calibration record is damaged, of another unit, or expired",
        "refused before the start, naming file, line and key",
        "tests/config/test_calibration.py::test_a_bad_record_is_refused",
    ),
    Elsewhere(
        "configuration_corrupt",
        "the unit's or the treatment's file is damaged",
        "refused before the start, naming file, line and key",
        "tests/config/test_unit.py::test_a_unit_that_cannot_be_is_refused",
    ),
)
"""The rest of the table: what no scenario can hold."""

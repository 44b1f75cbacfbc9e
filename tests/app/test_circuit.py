"""`ionto circuit`: the lane in a true ngspice, sound and broken on purpose; the command and its sentences."""

import json

import hardware_page
import pytest

from app.circuit import ngspice
from app.circuit.command import fingerprint
from app.circuit.lane import CASES, run
from app.main import main
from app.output import ExitCode
from config.circuit import load_circuit
from sim.circuit.values import drawn

SPREADS = load_circuit().spreads()
LATER = ("K5", "R39", "R54")
needs_ngspice = pytest.mark.skipif(not ngspice.found(), reason=ngspice.LACKING)


def rows(name, broken="", **moved):
    """The rows of one case, with all figures in their middle but those that are moved."""
    moved = {figure.replace("__", "."): value for figure, value in moved.items()}
    fixed = {figure: (moved.get(figure, spread[1]),) * 3 for figure, spread in SPREADS.items()}
    cases = [case for case in CASES if case.name == name]
    assert cases, name
    return run(fixed, draws=0, broken=broken, cases=cases)


LOST = "contact lost for 3 ms at 12 mA"
BROKEN = [
    ("slow_loop", LOST, {"rail_v": 58.0}),
    ("slow_loop", "saturated at 12 mA, then the skin gives way", {"rail_v": 58.0}),
    ("offset", "code 0, relays closed", {}),
    ("diode_pump", "stops after a rising edge", {}),
    ("nor_latch", "rearm held high through a pulse of ALERT", {}),
    ("no_watch", "power-up with the DAC at 12 mA, and a converter that holds ALERT down", {}),
    ("no_watch", "5 V away for 0.2 ms at 25 mA", {}),
    ("alert_low", "wire of ALERT breaks, or its converter dies, at 25 mA", {}),
]


@needs_ngspice
@pytest.mark.parametrize(("broken", "name", "moved"), BROKEN, ids=[f"{b}: {n}" for b, n, _ in BROKEN])
def test_what_is_broken_on_purpose_is_found_and_what_is_sound_holds(broken, name, moved):
    assert [row.what for row in rows(name, **moved) if not row.holds] == []
    assert [row.what for row in rows(name, broken, **moved) if not row.holds] != []


@needs_ngspice
@pytest.mark.parametrize("name", ["one edge, then a level", "500 Hz", "beats every 45 ms"])
def test_only_beats_within_their_window_hold_the_relay(name):
    assert all(row.holds for row in rows(name))


@needs_ngspice
def test_the_digital_comparator_sees_a_dac_that_is_wrong_and_one_that_tracks_it_does_not():
    """Decision 25: what it was decided by."""
    digital, analog = rows("DAC goes from 0.3 to 24.4 mA by itself")
    assert digital.holds
    assert 1.1 < digital.middle < 3.9
    assert analog.middle == 0.0
    digital, analog = rows("stage runs from 12 mA to the limiter")
    assert analog.middle < 0.2 < digital.middle < 3.9


@needs_ngspice
def test_what_is_over_in_a_microsecond_or_had_not_settled_is_no_current():
    """Two circuits drawn at random: one starts unsettled, in the other U2 wakes with a blip.

    They were drawn before K5, R39 and R54 were there, which a draw would put among their figures.
    """
    before = {name: spread for name, spread in SPREADS.items() if name.split(".")[0] not in LATER}
    middle = {name: (spread[1],) * 3 for name, spread in SPREADS.items()}
    unsettled = middle | {figure: (value,) * 3 for figure, value in drawn(before, 69).items()}
    blip = middle | {figure: (value,) * 3 for figure, value in drawn(before, 35).items()}
    (missing,) = run(unsettled, draws=0, cases=[c for c in CASES if c.name == "supply of the DAC missing"])
    assert missing.holds
    risen = [c for c in CASES if c.name == "power-up at code 0, relays closed"]
    peak, above, charge = run(blip, draws=0, cases=risen)
    assert (above.holds, charge.holds) == (True, True)
    assert peak.middle > 0.3
    assert above.middle > 0.1


@needs_ngspice
def test_a_worse_part_is_seen_in_the_row():
    (nominal_limit, _), (worse, _) = (
        rows("Q2 shorts with a person in the water"),
        rows("Q2 shorts with a person in the water", R44__ohm=40.0),
    )
    assert nominal_limit.holds
    assert not worse.holds
    assert worse.worst == pytest.approx(nominal_limit.middle * 45.3 / 40.0, rel=0.01)


@needs_ngspice
def test_code_0_holds_where_leakage_and_pull_are_at_their_worst_together():
    """Corners can't find it: Q1's leakage has to pass the pull of R34 first, which no figure does alone."""
    most = (
        "rail_v",
        "Q1.leak_ua",
        "Q2.leak_ua",
        "R34.ohm",
        "R2.ohm",
        "U2.offset_uv",
        "U30.offset_v",
        "R32.ohm",
        "R40.ohm",
        "R54.ohm",
    )
    least = ("D30.v", "R35.ohm", "R3.ohm")
    ends = {name: SPREADS[name][2] for name in most} | {name: SPREADS[name][0] for name in least}
    (row,) = rows("code 0, relays closed", **{name.replace(".", "__"): value for name, value in ends.items()})
    assert row.holds
    assert 0.2 < row.worst < 0.5


@needs_ngspice
def test_corners_find_the_worst_that_single_figures_don_t_reach():
    case = next(case for case in CASES if case.name == "12 mA, not calibrated")
    moved = ("R3.ohm", "R1.ohm")
    spreads = {name: spread if name in moved else (spread[1],) * 3 for name, spread in SPREADS.items()}
    (row,) = run(spreads, draws=0, cases=[case])
    (drawn,) = run(spreads, draws=3, cases=[case])
    apart = 2 * row.middle * 0.004
    assert row.high - row.low == pytest.approx(apart, rel=0.05)
    assert row.low <= drawn.low <= drawn.high <= row.high


@needs_ngspice
def test_what_ngspice_can_t_simulate_is_an_error_in_its_words():
    with pytest.raises(ngspice.NotSimulated):
        ngspice.simulate("* nothing\nX1 a nothing\n.tran 1u 1u\n", {"x": "v(a)"})


@needs_ngspice
def test_the_command_prints_the_table_and_keeps_it(capsys, tmp_path):
    kept = tmp_path / "lane.json"
    words = ["circuit", "--block", "lamp", "--draws", "1", "--json", str(kept)]
    assert main(words) == ExitCode.COMPLETED
    text = capsys.readouterr().out
    assert "All 3 rows hold. Simulated, never built" in text
    record = json.loads(kept.read_text())
    assert {row["block"] for row in record["rows"]} == {"lamp"}
    assert record["ngspice"].startswith("ngspice-")


@needs_ngspice
def test_the_command_fails_where_a_bound_is_not_held(capsys, monkeypatch):
    monkeypatch.setattr("app.circuit.command.CASES", [c for c in CASES if c.name == "code 0, relays closed"])
    assert main(["circuit", "--break", "offset", "--draws", "1"]) == ExitCode.ABORTED
    assert "1 of 1 rows do not hold: stage, code 0, relays closed, current" in capsys.readouterr().out


def test_the_parts_list_names_every_part_with_what_to_buy(capsys):
    assert main(["circuit", "--parts"]) == ExitCode.COMPLETED
    text = capsys.readouterr().out
    for part in load_circuit().parts:
        assert f"  {part.ref:<4} {part.buy}" in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--block", "moon"], "--block moon: there is no such block, there are supply, stage"),
        (["--draws", "0"], "'0' is not a whole number from 1 to 100000"),
        (["--draws", "many"], "'many' is not a whole number"),
        (["--break", "wires"], "invalid choice: 'wires'"),
    ],
)
def test_what_cannot_be_is_a_sentence(capsys, words, says):
    assert main(["circuit", *words]) == ExitCode.BAD_INPUT
    assert says in capsys.readouterr().err


def test_without_ngspice_it_says_how_it_is_had(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["circuit"]) == ExitCode.BAD_INPUT
    assert "ngspice is not installed: sudo apt install ngspice" in capsys.readouterr().err


def test_the_page_has_the_parts_and_the_table_as_they_are():
    page = hardware_page.PAGE.read_text()
    assert page == hardware_page.page(page), "run: python tests/support/hardware_page.py"


def test_the_table_in_the_docs_is_of_this_circuit_whole_and_holds():
    kept = json.loads(hardware_page.CORNERS.read_text())
    assert kept["circuit"] == fingerprint(), "run: ionto circuit --json docs/circuit/corners.json"
    assert kept["draws"] == 0
    expected = [(case.block, case.name, one.name, one.bound()) for case in CASES for one in case.outcomes]
    assert [(row["block"], row["case"], row["what"], row["bound"]) for row in kept["rows"]] == expected
    assert [row for row in kept["rows"] if not row["holds"]] == []

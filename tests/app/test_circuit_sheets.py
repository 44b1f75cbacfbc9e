"""The schematic's sheets: every part, wired as the netlists that are simulated have it, and legible."""

from itertools import combinations, pairwise

import circuit_sheets
import hardware_page
import pytest

from app.circuit.nets import nets
from app.circuit.sheet import Sheet, part_of
from app.circuit.sheets import drawn
from app.main import main
from app.output import ExitCode
from config.circuit import load_circuit
from sim.circuit.output import Situation, output_path
from sim.circuit.sensing import sensing
from sim.circuit.trip import Latch
from sim.circuit.values import Values, nominal

CIRCUIT = load_circuit()
SHEETS = drawn(CIRCUIT)
VALUES = Values(nominal(CIRCUIT.spreads()))
by_sheet = pytest.mark.parametrize("sheet", SHEETS, ids=[sheet.name for sheet in SHEETS])


def test_every_part_is_on_a_sheet_and_nothing_else_is():
    assert set().union(*(sheet.refs for sheet in SHEETS)) == {part.ref for part in CIRCUIT.parts}


def test_the_sheets_in_the_docs_are_these():
    kept = {path: path.read_text() for path in circuit_sheets.IMAGES.glob("circuit*.svg")}
    assert kept == circuit_sheets.files(), "run: python tests/support/circuit_sheets.py"
    page = hardware_page.PAGE.read_text()
    assert [path.name for path in kept if f"(images/{path.name})" not in page] == []


NAMES = {
    "X1": "U1",
    "X2": "U2",
    "Rg1": "R37b",
    "Rg2": "R37a",
    "Dh1": "H1a",
    "Dh2": "H1b",
    "SK1": "K1a",
    "SK2": "K2a",
    "RK4a": "K4a",
    "RK4rest": "K4b",
    "RK4moved": "K4b",
    "RK5": "K5a",
    "Rd1U6": "R48a",
    "Rd2U6": "R48b",
    "Rd3U6": "R48c",
    "Rd4U6": "R48d",
    "Rd1U7": "R48e",
    "Rd2U7": "R48f",
    "Rd3U7": "R48g",
    "Rd4U7": "R48h",
}
PINS = {"opamp": "p n o vp vn", "nmos": "d g s", "pmos": "d g s", "shuntref": "k r a"}
MODELLED = {"R49", "Rds", "Rskin", "Cskin", "Rser", "Ct", "Rlim"}
MODELLED |= {"Cwire", "Cclear", "Redge", "Cedge", "Rsee", "Csee", "Cwait", "Cstate"}
"""In the netlist otherwise than as parts: two in series as one, beyond the relays, the person; what a wire or
the inside of a chip is made of."""
SAME = {"od": "out", "hx": "back", "ta": "line"}
"""Nodes that a source of 0 V joins."""


def simulated(netlist):
    """The pins of each node: `R3`, or `Q2.s` where it matters which pin it is."""
    nodes, inside = {}, False
    for line in netlist.splitlines():
        words = line.split()
        inside = line.startswith(".subckt") or (inside and not line.startswith(".ends"))
        if inside or not words or words[0] in MODELLED or not line.startswith((*"RCDQX", "SK")):
            continue
        name, kind = words[0], next((word for word in words if word in PINS), "")
        pins = (PINS[kind] if kind else {"D": "1 2", "Q": "c b e"}.get(name[0], "- -")).split()
        ref = NAMES.get(name, name.removeprefix("X"))
        for pin, node in zip(pins, words[1:], strict=False):
            nodes.setdefault(SAME.get(node, node), set()).add(ref if pin == "-" else f"{ref}.{pin}")
    return nodes


@pytest.mark.parametrize(
    "netlist",
    [
        output_path(VALUES, Situation(12.0, 1e-3)),
        output_path(VALUES, Situation(12.0, 1e-3, latch=Latch())),
        output_path(VALUES, Situation(12.0, 1e-3, dummy=True)),
        sensing(VALUES, 12.0, 25.0),
    ],
    ids=["path", "path with its latch", "path with the dummy load on", "sensing"],
)
def test_the_sheets_are_wired_as_what_is_simulated(netlist):
    nodes = simulated(netlist)
    known = set().union(*nodes.values())
    plain = {tag for tag in known if "." not in tag}
    found = [
        {tag.partition(".")[0] if tag.partition(".")[0] in plain else tag for tag in net}
        for net in nets(SHEETS)
    ]
    shown = [net & known for net in found if net & known]
    assert len(known) > 10
    assert {node: pins for node, pins in nodes.items() if pins not in shown} == {}


def crosses(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def on_its_edge(box, body):
    """A chip's words lie in it, all others outside."""
    within = body[0] <= box[0] and body[1] <= box[1] and box[2] <= body[2] and box[3] <= body[3]
    return crosses(box, body) and not within


def wires(sheet):
    """Each piece of a wire as a box as thick as it is drawn."""
    for wire in sheet.wires:
        for (ax, ay), (bx, by) in pairwise(wire):
            yield min(ax, bx) - 0.7, min(ay, by) - 0.7, max(ax, bx) + 0.7, max(ay, by) + 0.7


@by_sheet
def test_nothing_is_cut_off_or_lies_upon_another(sheet):
    boxes = [(text.box, text.text) for text in sheet.texts]
    outside = [
        word
        for (left, top, right, low), word in boxes
        if left < 4 or top < 4 or right > 896 or low > sheet.tall
    ]
    assert outside == []
    assert [(word, other) for (a, word), (b, other) in combinations(boxes, 2) if crosses(a, b)] == []
    assert [(word, wire) for box, word in boxes for wire in wires(sheet) if crosses(box, wire)] == []
    assert [(body, wire) for body in sheet.bodies for wire in wires(sheet) if crosses(body, wire)] == []
    assert [pair for pair in combinations(sheet.bodies, 2) if crosses(*pair)] == []
    assert [(word, body) for box, word in boxes for body in sheet.bodies if on_its_edge(box, body)] == []


@by_sheet
def test_the_type_is_large_enough_at_900_px(sheet):
    assert min(text.size for text in sheet.texts) >= 10


@by_sheet
def test_no_pin_and_no_wire_ends_in_the_air(sheet):
    """A pin that nothing is wired to would be a net of its own."""
    ends = [point for _, point in (*sheet.pins, *sheet.names)]
    ends += [point for wire in sheet.wires for point in (wire[0], wire[-1])]
    loose = [point for point in ends if ends.count(point) < 2 and point not in sheet.junctions()]
    assert loose == []


def test_a_pin_is_on_one_net_so_that_a_coil_is_not_taken_for_its_contact():
    found = [tag for net in nets(SHEETS) for tag in net if not tag.endswith(".")]
    assert sorted(tag for tag in found if found.count(tag) > 1) == []


def test_a_name_between_sheets_is_on_both():
    found = nets(SHEETS)
    assert [net for net in found if len(net) < 2] == []
    for name in {name for sheet in SHEETS for name, _ in sheet.names}:
        assert sum(name in net for net in found) == 1
        assert sum(name == other for sheet in SHEETS for other, _ in sheet.names) > 1, name


def test_a_sheet_refuses_what_the_circuit_has_not():
    sheet = Sheet(CIRCUIT, "mine", "Mine", 100)
    with pytest.raises(KeyError, match="R99"):
        sheet.two("resistor", "R99", (0, 0), (50, 0))
    with pytest.raises(ValueError, match=r"R3: '47 ohm' is not in what to buy, '40\.2 ohm"):
        sheet.two("resistor", "R3", (0, 0), (50, 0), "47 ohm")
    with pytest.raises(ValueError, match="is oblique"):
        sheet.wire((0, 0), (10, 10))


def test_wires_that_cross_are_two_nets_and_one_that_ends_on_another_is_not():
    sheet = Sheet(CIRCUIT, "mine", "Mine", 100)
    for ref, place in (("R1", (0, 10)), ("R2", (100, 10)), ("R3", (50, 40)), ("R35b", (30, 20))):
        sheet.pins.append((f"{ref}.1", place))
    sheet.wire((0, 10), (100, 10))
    sheet.wire((50, 0), (50, 40))
    sheet.wire((30, 10), (30, 20))
    assert sorted(map(sorted, nets([sheet]))) == [["R1.1", "R2.1", "R35b.1"], ["R3.1"]]
    assert sheet.junctions() == {(30, 10)}
    assert part_of("R35b") == "R35"


def test_the_command_draws_all_sheets(tmp_path):
    kept = tmp_path / "circuit.svg"
    assert main(["circuit", "--svg", str(kept)]) == ExitCode.COMPLETED
    text = kept.read_text()
    assert [sheet.title for sheet in SHEETS if sheet.title.replace("'", "&#x27;") not in text] == []

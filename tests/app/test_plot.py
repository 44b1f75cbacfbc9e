"""The picture of a session says what it is, keeps every spike and is written whole or not at all."""

import re
import stat
from xml.etree import ElementTree

import pytest

from app import axes, plot
from app.atomic import check_folder, check_target, write_whole
from app.output import UsageError
from controller.loop.recorder import Trace

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg):
    return ElementTree.fromstring(svg)  # noqa: S314 - our own text


def texts(svg):
    return [element.text for element in parsed(svg).iter(f"{SVG}text")]


def test_axes_carry_units_and_the_session_its_stamp(trace, summary):
    words = texts(plot.draw(trace, summary()))
    assert {"current / mA", "voltage / V", "time / min", "SIMULATED", "hold", "ramp up"} <= set(words)
    assert words[0] == "hands, completed, seed 7"
    assert words.count("forward +") == words.count("reverse -") == 1


def test_a_real_session_is_not_stamped(trace, summary):
    words = texts(plot.draw(trace, summary(simulated=False, seed=None)))
    assert "SIMULATED" not in words
    assert words[0] == "hands, completed"


def test_a_trip_is_marked_where_it_was_detected(trace, summary, trip):
    svg = plot.draw(trace, summary(outcome="aborted", trip=trip | {"detected_s": 139.0}))
    assert "aborted: open circuit" in texts(svg)
    axis = axes.TimeAxis(0.0, trace.time_s[-1])
    assert f'x1="{axis.x(139.0):.1f}" x2="{axis.x(139.0):.1f}" y1="92"' in svg


def test_names_from_outside_stay_text(trace, summary):
    assert texts(plot.draw(trace, summary(treatment="<b>&.yaml")))[0].startswith("<b>&.yaml")


def test_the_same_session_gives_the_same_picture(trace, summary):
    assert plot.draw(trace, summary()) == plot.draw(trace, summary())


def test_a_spike_of_one_row_survives_thinning(summary):
    count = 12_000
    measured = [5.0] * count
    measured[7_003] = 19.0
    column = [5.0] * count
    trace = Trace(
        [i / 10 for i in range(count)],
        ["hold"] * count,
        ["forward"] * count,
        column,
        column,
        measured,
        column,
    )
    svg = plot.draw(trace, summary())
    panel = axes.Panel(92, 232, 20.0)
    assert f" {panel.y(19.0):.1f}" in svg
    assert len(svg) < 200_000


def test_absent_readings_break_the_line(summary):
    values = [1.0, 1.0, None, None, 2.0, 2.0]
    trace = Trace(
        [0.0, 60, 120, 180, 240, 300], ["hold"] * 6, ["forward"] * 6, [3.0] * 6, [3.0] * 6, values, values
    )
    voltage = re.findall(r'<path d="([^"]*)"[^>]*#00795B', plot.draw(trace, summary()))
    assert len(voltage) == 1
    assert voltage[0].count("M") == 2


@pytest.mark.parametrize("rows", [0, 1])
def test_a_session_that_ended_at_once_can_be_drawn(rows, summary):
    trace = Trace([0.0] * rows, ["self_test"] * rows, ["forward"] * rows, *([[0.0] * rows] * 4))
    svg = plot.draw(trace, summary(outcome="refused", reason="no contact"))
    assert "hands, refused, seed 7" in texts(svg)


@pytest.mark.parametrize(("span", "step"), [(10, 2), (15, 5), (1, 0.2), (20.6, 5), (0.03, 0.01)])
def test_ticks_are_round(span, step):
    assert axes.tick_step(span, 5) == pytest.approx(step)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("plot.png", "its name has to end in .svg"),
        ("plot", "its name has to end in .svg"),
        ("missing/plot.svg", "missing does not exist"),
        ("folder.svg", "this is a folder, not a file"),
        ("circle.svg", "its links lead in a circle"),
        ("n" * 250 + ".svg", "its name is too long): choose a shorter path"),
        ("/sys/plot.svg", "can't be written ("),
    ],
)
def test_an_impossible_plot_is_refused_before_the_session(tmp_path, name, says):
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "circle.svg").symlink_to("circle.svg")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError) as refused:
        check_target(tmp_path / name, "as it was given")
    assert str(refused.value).startswith("as it was given: ")
    assert says in str(refused.value)
    assert sorted(tmp_path.iterdir()) == before


def test_a_plot_that_is_possible_is_not_touched_by_the_look(tmp_path):
    target = tmp_path / "plot.svg"
    target.write_text("old")
    check_target(target, "so")
    check_folder(tmp_path / "new", "so")
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "new", target]
    assert target.read_text() == "old"


def test_a_write_that_fails_names_the_file_and_not_its_draft(tmp_path):
    with pytest.raises(FileNotFoundError) as failed:
        write_whole(tmp_path / "missing/plot.svg", "new")
    assert failed.value.filename == str(tmp_path / "missing/plot.svg")


def test_a_file_replaces_the_old_one_and_is_readable_by_others(tmp_path):
    target = tmp_path / "plot.svg"
    target.write_text("old")
    write_whole(target, "new")
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path):
    target = tmp_path / "plot.svg"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(target, "\ud800")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]

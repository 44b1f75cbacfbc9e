"""Relays, heartbeat, panel and the pin factory, on gpiozero's own mock pins."""

import os
import sys
import types
from pathlib import Path

import pytest
from gpiozero import Device, PinSetInput
from gpiozero.pins.mock import MockFactory

from drivers.errors import PinsUnavailable
from drivers.panel import Panel
from drivers.pins import contact, lgpio_factory, output, release
from drivers.relays import Heartbeat, Relays

PANEL = {
    "start": 5,
    "stop": 6,
    "up": 13,
    "down": 19,
    "led_red": 16,
    "led_green": 20,
    "led_blue": 21,
    "buzzer": 26,
}


@pytest.fixture
def factory():
    made = MockFactory()
    yield made
    made.close()
    assert Device.pin_factory is None, "gpiozero's global factory was used"


def levels(factory, *pins):
    return [int(factory.pin(pin).state) for pin in pins]


def history(factory, pin):
    return [int(state.state) for state in factory.pin(pin).states]


# --- relays -----------------------------------------------------------------------------------------------


def test_relays_start_open_and_never_blip(factory):
    relays = Relays(factory, series=27, polarity=22)
    assert history(factory, 27) == [0]
    assert history(factory, 22) == [0]
    assert factory.pin(27).function == factory.pin(22).function == "output"
    relays.close()


def test_each_relay_has_its_own_pin_active_high(factory):
    relays = Relays(factory, series=27, polarity=22)
    relays.connect()
    assert levels(factory, 27, 22) == [1, 0]
    relays.set_polarity(True)
    assert levels(factory, 27, 22) == [1, 1]
    relays.disconnect()
    assert levels(factory, 27, 22) == [0, 1]
    relays.set_polarity(False)
    assert levels(factory, 27, 22) == [0, 0]


def test_the_dummy_load_has_a_pin_of_its_own_and_ends_off(factory):
    relays = Relays(factory, series=27, polarity=22, dummy=24)
    assert history(factory, 24) == [0]
    relays.set_dummy(True)
    assert levels(factory, 27, 22, 24) == [0, 0, 1]
    relays.set_dummy(False)
    assert levels(factory, 27, 22, 24) == [0, 0, 0]
    relays.set_dummy(True)
    relays.close()
    assert factory.pin(24).state == 0
    assert factory.pin(24).function == "input"


def test_a_unit_without_a_dummy_load_moves_nothing_for_one(factory):
    relays = Relays(factory, series=27, polarity=22)
    relays.set_dummy(True)
    assert levels(factory, 27, 22) == [0, 0]
    relays.close()


def test_closing_opens_the_series_relay_before_the_polarity_relay_moves(factory, monkeypatch):
    relays = Relays(factory, series=27, polarity=22)
    relays.connect()
    relays.set_polarity(True)
    order = []
    for pin in (27, 22):
        record_falls(monkeypatch, factory.pin(pin), pin, order)
    relays.close()
    assert order == [(27, "low"), (22, "low"), (27, "free"), (22, "free")]
    assert factory.pin(27).function == factory.pin(22).function == "input"
    relays.close()


def record_falls(monkeypatch, pin, number, order):
    set_state, close = pin._set_state, pin.close
    monkeypatch.setattr(pin, "_set_state", lambda level: (order.append((number, "low")), set_state(level)))
    monkeypatch.setattr(pin, "close", lambda: (order.append((number, "free")), close()))


def test_a_pin_that_fails_does_not_keep_the_others_high(factory, monkeypatch):
    first, second = output(factory, 1), output(factory, 4)
    first.on()
    second.on()

    def broken(level):
        raise RuntimeError("pin 1 is broken")

    monkeypatch.setattr(factory.pin(1), "_set_state", broken)
    with pytest.raises(RuntimeError, match="pin 1 is broken"):
        release(first, second)
    assert levels(factory, 4) == [0]
    assert factory.pin(1).function == factory.pin(4).function == "input"


# --- heartbeat --------------------------------------------------------------------------------------------


def test_a_beat_is_one_edge(factory):
    heartbeat = Heartbeat(factory, 17)
    for beats in range(1, 8):
        heartbeat.beat()
        assert len(history(factory, 17)) == 1 + beats
    assert history(factory, 17) == [0, 1, 0, 1, 0, 1, 0, 1]


def test_rest_goes_low_and_the_next_beat_rises(factory):
    heartbeat = Heartbeat(factory, 17)
    heartbeat.beat()
    heartbeat.rest()
    heartbeat.rest()
    assert history(factory, 17) == [0, 1, 0]
    heartbeat.beat()
    assert history(factory, 17) == [0, 1, 0, 1]


def test_a_beat_that_failed_is_made_up_by_the_next(factory, monkeypatch):
    heartbeat = Heartbeat(factory, 17)
    with monkeypatch.context() as patch:
        patch.setattr(factory.pin(17), "_set_state", lambda level: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            heartbeat.beat()
    heartbeat.beat()
    assert history(factory, 17) == [0, 1]


def test_a_closed_heartbeat_is_low_and_cannot_beat(factory):
    heartbeat = Heartbeat(factory, 17)
    heartbeat.beat()
    heartbeat.close()
    assert history(factory, 17) == [0, 1, 0]
    with pytest.raises(PinSetInput):
        heartbeat.beat()
    heartbeat.close()


# --- panel ------------------------------------------------------------------------------------------------


@pytest.fixture
def panel(factory):
    made = Panel(factory, **PANEL)
    factory.pin(PANEL["stop"]).drive_low()
    return made


def test_at_rest_nothing_is_pressed(panel):
    assert panel.sample() == (False, False, False, False)


@pytest.mark.parametrize(("name", "place"), [("start", 0), ("up", 2), ("down", 3)])
def test_a_contact_that_closes_is_pressed(panel, factory, name, place):
    factory.pin(PANEL[name]).drive_low()
    assert [i for i, pressed in enumerate(panel.sample()) if pressed] == [place]
    factory.pin(PANEL[name]).drive_high()
    assert panel.sample() == (False, False, False, False)


def test_a_stop_contact_that_opens_or_breaks_is_pressed(panel, factory):
    factory.pin(PANEL["stop"]).drive_high()
    assert panel.sample() == (False, True, False, False)


def test_a_panel_whose_cable_is_off_stops_and_starts_nothing(factory):
    panel = Panel(factory, **PANEL)
    assert panel.sample() == (False, True, False, False)


def test_samples_are_real_booleans_without_callbacks(panel, factory):
    assert [type(pressed) for pressed in panel.sample()] == [bool] * 4
    for name in ("start", "stop", "up", "down"):
        pin = factory.pin(PANEL[name])
        assert pin.when_changed is None
        assert pin.bounce is None
        assert pin.pull == "up"


def test_lights_and_buzzer_have_their_own_pins(panel, factory):
    outputs = [PANEL[name] for name in ("led_red", "led_green", "led_blue", "buzzer")]
    assert levels(factory, *outputs) == [0, 0, 0, 0]
    for red, green, blue in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)):
        panel.set_lights(red=bool(red), green=bool(green), blue=bool(blue))
        assert levels(factory, *outputs) == [red, green, blue, 0]
    panel.set_buzzer(on=True)
    assert levels(factory, *outputs) == [1, 1, 1, 1]
    panel.close()
    assert levels(factory, *outputs) == [0, 0, 0, 0]
    assert {factory.pin(pin).function for pin in PANEL.values()} == {"input"}
    panel.close()


# --- factory ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [output, contact])
def test_without_a_factory_gpiozero_may_not_choose_one(make):
    with pytest.raises(ValueError, match="no pin factory was given"):
        make(None, 17)
    assert Device.pin_factory is None


def test_a_pin_in_use_or_unknown_is_refused_in_a_sentence(factory):
    Heartbeat(factory, 17)
    holder = Relays(factory, series=27, polarity=22)
    with pytest.raises(PinsUnavailable, match="GPIO27 cannot be used"):
        Heartbeat(factory, 27)
    with pytest.raises(PinsUnavailable, match="GPIO99 cannot be used"):
        contact(factory, 99)
    holder.close()


@pytest.fixture
def lgpio(monkeypatch):
    """Put a module in lgpio's place; gpiozero's module on top of it is forgotten afterwards."""
    before = Path.cwd()
    monkeypatch.delenv("LG_WD", raising=False)
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)

    def put(module):
        monkeypatch.setitem(sys.modules, "lgpio", module)

    yield put
    sys.modules.pop("gpiozero.pins.lgpio", None)
    assert Path.cwd() == before


def lgpio_like(open_chip):
    module = types.ModuleType("lgpio")
    module.SET_PULL_NONE = module.BOTH_EDGES = module.RISING_EDGE = module.FALLING_EDGE = 0
    module.gpiochip_open = open_chip
    module.gpiochip_close = lambda handle: None
    return module


def test_without_lgpio_the_remedy_is_named(lgpio):
    lgpio(None)
    with pytest.raises(
        PinsUnavailable, match=r"apt install python3-lgpio.*--system-site-packages.*--simulate"
    ):
        lgpio_factory()


def test_the_empty_stub_is_the_same_as_none(lgpio):
    lgpio(types.ModuleType("lgpio"))
    with pytest.raises(PinsUnavailable, match="apt install python3-lgpio"):
        lgpio_factory()


def test_a_machine_without_the_chip_says_so(lgpio):
    class LgpioError(Exception):
        pass

    def absent(chip):
        raise LgpioError("can not open gpiochip")

    lgpio(lgpio_like(absent))
    with pytest.raises(PinsUnavailable, match=r"can not open gpiochip.*needs a Pi.*--simulate"):
        lgpio_factory(chip=0)


def test_the_chip_asked_for_is_opened_and_the_pipes_have_their_place(lgpio, tmp_path):
    opened = []
    lgpio(lgpio_like(lambda chip: opened.append((chip, os.environ["LG_WD"])) or 7))
    factory = lgpio_factory(chip=4, working_dir=str(tmp_path))
    assert opened == [(4, str(tmp_path))]
    factory.close()


def test_the_place_of_the_environment_is_kept(lgpio, tmp_path, monkeypatch):
    monkeypatch.setenv("LG_WD", str(tmp_path))
    opened = []
    lgpio(lgpio_like(lambda chip: opened.append(os.environ["LG_WD"]) or 7))
    lgpio_factory(chip=0).close()
    assert opened == [str(tmp_path)]


def test_without_a_place_one_is_made(lgpio, monkeypatch):
    monkeypatch.setattr("drivers.pins.atexit.register", lambda *_, **__: None)
    opened = []
    lgpio(lgpio_like(lambda chip: opened.append(Path(os.environ["LG_WD"])) or 7))
    lgpio_factory(chip=0).close()
    assert opened[0].is_dir()
    assert list(opened[0].iterdir()) == []
    opened[0].rmdir()


def test_an_import_that_moves_the_process_is_undone(lgpio, tmp_path, monkeypatch):
    source = tmp_path / "library"
    source.mkdir()
    (source / "lgpio.py").write_text(
        "import os\n"
        "os.chdir(os.environ['LG_WD'])\n"
        "SET_PULL_NONE = BOTH_EDGES = RISING_EDGE = FALLING_EDGE = 0\n"
        "gpiochip_open = gpiochip_close = lambda number: number\n"
    )
    monkeypatch.syspath_prepend(str(source))
    monkeypatch.delitem(sys.modules, "lgpio", raising=False)
    before = Path.cwd()
    lgpio_factory(chip=0, working_dir=str(tmp_path)).close()
    monkeypatch.delitem(sys.modules, "lgpio")
    assert Path.cwd() == before != tmp_path


def test_a_place_that_is_not_there_is_refused(lgpio, tmp_path):
    lgpio(lgpio_like(lambda chip: 7))
    with pytest.raises(PinsUnavailable, match="cannot work in the directory"):
        lgpio_factory(chip=0, working_dir=str(tmp_path / "absent"))

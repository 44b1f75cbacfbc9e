"""A unit that cannot measure what it can deliver is refused; a key that is left out means what it did."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from config.parts import Stage
from config.reader import BadFile, read_text
from config.unit import RANGE_V, REFERENCE, Unit, load_unit, reference_unit


def unit_of(text: str) -> Unit:
    return read_text(text.encode(), "u.yaml", Unit)


def errors_of(text: str) -> list[str]:
    with pytest.raises(BadFile) as caught:
        unit_of(text)
    return caught.value.errors


def test_what_is_simulated_without_a_file_is_the_reference_unit_and_a_real_one_is_what_it_was() -> None:
    assert load_unit(REFERENCE) == load_unit(None, simulated=True) == reference_unit()
    assert load_unit(None) == Unit() != reference_unit()
    assert load_unit(REFERENCE, simulated=True) == load_unit(REFERENCE)


def test_the_reference_file_says_which_of_its_keys_differ_from_the_defaults() -> None:
    """Where a line says "default: null" the part is absent by default; no other value differs."""
    lines = REFERENCE.read_text(encoding="utf-8").splitlines()
    marked = {
        line.split(":")[0].strip()
        for line in lines
        if ": " in line.split("#")[0] + " " and "# default: null" in line
    }
    assert marked == {"headroom_v", "output", "one_shot", "dummy", "alert", "rearm", "trip", "battery_clock"}
    written, plain = reference_unit(), Unit()
    without = dict.fromkeys(("output", "one_shot", "dummy", "trip", "battery_clock"))
    pins = written.pins.model_copy(update=dict.fromkeys(("dummy", "alert", "rearm")))
    assert written.model_copy(update={"stage": plain.stage, "pins": pins, **without}) == plain
    only_headroom = written.stage.model_copy(update={"headroom_v": None, "headroom_ohm": 0.0})
    assert only_headroom == plain.stage
    assert (plain.stage.headroom_v, *(getattr(plain, part) for part in without)) == (None,) * 6


def test_a_file_that_was_written_before_there_were_more_parts_means_the_same() -> None:
    """The whole of what its keys could say then, spelled out."""
    known = Unit().as_known_before()
    known["control_adc"]["return"] = known["control_adc"].pop("return_path")
    assert unit_of(yaml.safe_dump(known)) == unit_of('serial: ""') == Unit()


def test_the_reference_file_spells_every_key_out() -> None:
    def keys(value: object, at: str = "") -> set[str]:
        if not isinstance(value, dict):
            return {at}
        return {leaf for key, child in value.items() for leaf in keys(child, f"{at}.{key}")}

    written = yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))
    assert keys(written) == keys(reference_unit().model_dump(by_alias=True))


def test_a_file_needs_only_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: Mine\nguard_adc: null\ncontrol_adc: {return: {ohm: 29.5}}\npins: {alert: 4}\n")
    unit = load_unit(path)
    assert (unit.name, unit.guard_adc, unit.pins.alert) == ("Mine", None, 4)
    assert (unit.control_adc.return_path.ohm, unit.control_adc.return_path.bias_v) == (29.5, 1.024)
    assert unit.stage == Unit().stage


def test_what_a_stage_reaches_at_a_current() -> None:
    plain = Stage(headroom_v=0.9, headroom_ohm=360.0)
    assert plain.reach_v(15.0) == pytest.approx(57.7)
    assert plain.reach_v(25.0) == pytest.approx(54.1)
    assert plain.reach_v(1.0) == 60.0, "no more than its clamp"
    assert Stage().reach_v(0.0) == Stage().reach_v(25.0) == 60.0


def test_what_was_written_down_of_a_unit_before_it_could_say_more_still_fits_it() -> None:
    plain = Unit().as_known_before()
    assert set(plain) == set(Unit.model_fields) - {
        "output",
        "one_shot",
        "pedal",
        "trip",
        "dummy",
        "battery_clock",
    }
    assert not {"rearm", "dummy"} & set(plain["pins"])
    assert set(plain["stage"]) == {
        "full_scale_ma",
        "compliance_v",
        "supply_v",
        "supply_min_v",
        "supply_max_v",
    }
    parts = {"one_shot": {}, "output": {}, "pedal": True, "stage": {"headroom_v": 4.0}, "trip": {}}
    pins = {"alert": 23, "rearm": 18, "dummy": 24}
    more = Unit.model_validate(parts | {"dummy": {}, "pins": pins, "battery_clock": "rtc0"})
    assert more.as_known_before() == more.model_dump(mode="json")


def test_a_unit_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Unit().limits.max_current_ma = 30.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i2c: {frequency_hz: 200000}", "i2c.frequency_hz: expected 100000 or 400000, got 200000"),
        (
            "i2c: {timeout_ms: 15}",
            "i2c.timeout_ms: expected a whole number from 10 to 50 in steps of 10, got 15",
        ),
        ("i2c: {timeout_ms: 60}", "i2c.timeout_ms: expected"),
        ("dac: {address: 0x48}", "dac.address: expected a whole number from 0x60 to 0x67, got 72"),
        ("control_adc: {address: 0x4C}", "control_adc.address: expected a whole number from 0x48 to 0x4B"),
        ("guard_adc: {gain: 3}", "guard_adc.gain: expected 1, 2, 4, 8 or 16, got 3"),
        ("guard_adc: {gain: true}", "guard_adc.gain: expected 1, 2, 4, 8 or 16, got true"),
        ("guard_adc: {data_rate_sps: 250}", "guard_adc.data_rate_sps: expected 475 or 860, got 250"),
        ("control_adc: {return_path: {ohm: 30}}", "control_adc.return_path: unknown key"),
        ("control_adc: {voltage: {ratio: 33}}", "control_adc.voltage.channel: is missing"),
        (
            "control_adc: {current: {channel: 4}}",
            "control_adc.current.channel: expected a whole number from 0 to",
        ),
        ("control_adc: {current: {channel: 1}}", "control_adc: a channel is used twice"),
        ("guard_adc: {address: 0x48}", "guard_adc: address 0x48 is the control ADC's too"),
        ("stage: {full_scale_ma: 27.6}", "stage.full_scale_ma: expected a number from 1 to 27.5, got 27.6"),
        ("stage: {supply_v: 57}", "stage: supply voltages are out of order"),
        ("stage: {headroom_ohm: 100}", "stage: headroom_ohm needs headroom_v beside it"),
        ("stage: {headroom_v: 41}", "stage.headroom_v: expected a number from 0 to 40 or null, got 41"),
        (
            "stage: {headroom_v: 40, headroom_ohm: 1000}",
            "stage: headroom_v and headroom_ohm leave -1.0 V at full scale, at least 10 V is allowed",
        ),
        (
            "stage: {supply_v: 60, compliance_v: 60}",
            "stage: compliance_v is 60, less than supply_v 60 is allowed",
        ),
        ("pins: {start: 28}", "pins.start: expected a whole number from 0 to 27, got 28"),
        ("pins: {start: 17}", "pins: used twice: pin 17 by heartbeat and start;"),
        ("pins: {heartbeat: 14}", "pins: heartbeat on 14 would go high without the controller"),
        (
            "pins: {series_relay: 4, polarity_relay: 8}",
            "pins: series_relay on 4 and polarity_relay on 8 would go high",
        ),
        ("pins: {dummy: 4}", "pins: dummy on 4 would go high without the controller"),
        ("dummy: {}", "dummy: a dummy load needs pins.dummy, a pin is allowed"),
        (
            "dummy: {limiter_ma: 20}\npins: {dummy: 24}\nstage: {full_scale_ma: 15}\n"
            "limits: {max_current_ma: 15}",
            "dummy: limiter_ma is 20, at most 16.5 mA is allowed",
        ),
        (
            "dummy: {ohm: 2200}\npins: {dummy: 24}",
            "dummy: ohm would need 64.1 V at the limiter's 29.2 mA, at most 2058 ohm is allowed",
        ),
        ("pins: {rearm: 4}", "pins: rearm on 4 would go high without the controller"),
        ("trip: {}", "trip: a trip needs pins.alert and pins.rearm, a pin each is allowed"),
        ("trip: {}\npins: {alert: 23}", "trip: a trip needs pins.rearm, a pin each is allowed"),
        (
            "trip: {}\nguard_adc: null\npins: {alert: 23, rearm: 18}",
            "trip: a trip hangs on the guard ADC, null is allowed on a unit without one",
        ),
        ("trip: {least_ma: 1.0}\npins: {alert: 23, rearm: 18}", "trip.least_ma: expected"),
        ("pins: {alert: 3}", "pins: used twice: pin 3 by I2C and alert;"),
        ("polarity: {relay: latching}", "polarity.relay: expected 'changeover' or 'h_bridge'"),
        (
            "polarity: {dead_time_ms: 9}",
            "polarity.dead_time_ms: expected a whole number from 10 to 1000, got 9",
        ),
        ("polarity: {settle_ms: 1001}", "polarity.settle_ms: expected a whole number from 10 to 1000"),
        ("relays: {release_ms: 51}", "relays.release_ms: expected a whole number from 1 to 50, got 51"),
        ("relays: {operate_ms: 101}", "relays.operate_ms: expected a whole number from 1 to 100, got 101"),
        ("loop: {rate_hz: 201}", "loop.rate_hz: expected a whole number from 50 to 200, got 201"),
        ("limits: {max_current_ma: 25.1}", "limits.max_current_ma: expected a number above 0 and at most 25"),
        ("limits: {max_current_ma: 0}", "limits.max_current_ma: expected a number above 0 and at most 25"),
        (
            "stage: {full_scale_ma: 20}",
            "limits: max_current_ma is 25, at most stage.full_scale_ma 20 is allowed",
        ),
        ("serial: 0042", "serial: 0042 has a leading zero"),
    ],
)
def test_a_unit_that_cannot_be_is_refused(text: str, expected: str) -> None:
    errors = errors_of(text)
    assert len(errors) == 1
    assert errors[0].split(": ", 1)[1].startswith(expected)


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("control_adc: {current: {ohm: 68.3}}", "control_adc.current"),
        ("control_adc: {voltage: {channel: 1, ratio: 29.2}}", "control_adc.voltage"),
        ("control_adc: {supply: {channel: 2, ratio: 34.1}}", "control_adc.supply"),
        ("control_adc: {return: {ohm: 34.1, bias_v: 1.026}}", "control_adc.return"),
        ("guard_adc: {current: {ohm: 68.3}}", "guard_adc.current"),
    ],
)
def test_a_channel_out_of_range_is_refused(text: str, channel: str) -> None:
    [error] = errors_of(text)
    assert f"stage: {channel} would need 2.0" in error
    assert "at most 2.048 V is allowed at gain 2" in error


@pytest.mark.parametrize("gain", RANGE_V)
def test_the_range_follows_the_gain(gain: int) -> None:
    most_ohm = RANGE_V[gain] / 1.2 / 25 * 1000
    assert (
        unit_of(f"guard_adc: {{gain: {gain}, current: {{ohm: {most_ohm - 0.01:.3f}}}}}").guard_adc is not None
    )
    [error] = errors_of(f"guard_adc: {{gain: {gain}, current: {{ohm: {most_ohm + 0.01:.3f}}}}}")
    assert "guard_adc.current would need" in error


def test_a_return_path_that_cannot_go_negative_is_refused() -> None:
    [error] = errors_of("control_adc: {return: {bias_v: 0.89}}")
    assert "control_adc.return would need -0.010 V in reverse" in error


def test_wrong_keys_and_cross_checks_come_together() -> None:
    errors = errors_of("bogus: 1\nguard_adc: {address: 0x48}\npins: {up: 17}\nstage: {supply_v: 50}\n")
    assert [error.split(": ")[1] for error in errors] == ["bogus", "guard_adc", "pins", "stage"]

"""`ionto doctor`: the checks on machines made for them, the chips on simulated units, the command here."""

import grp
import json
import os
import resource
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from app import extras
from app.main import main
from app.technician import doctor, machine
from app.technician.findings import failed
from config.unit import Unit
from controller.backends.simulated import simulated
from controller.host.ownership import own
from controller.workshop.chips import Hung, eeprom_code, look_for
from sim.clock import VirtualClock
from sim.scenario import Scenario
from sim.spec import UnitSpec
from sim.world import World


def world(**changes):
    return World(UnitSpec(**changes), Scenario(), 1, VirtualClock())


def test_the_chips_of_a_whole_unit_answer():
    chips = look_for(Unit(), world().bus)
    assert [(chip.key, chip.found, chip.remedy) for chip in chips] == [
        ("dac", "answers at 0x62", ""),
        ("control_adc", "answers at 0x48", ""),
        ("guard_adc", "answers at 0x49", ""),
    ]


def test_a_missing_chip_is_named():
    chips = look_for(Unit(), world(guard_address=None).bus)
    assert [chip.answers for chip in chips] == [True, True, False]
    assert chips[2].found == "missing: nothing answers at 0x49"
    assert "soldering" in chips[2].remedy


def test_a_chip_at_a_wrong_address_is_named_with_the_address_that_answers():
    dac, control, _guard = look_for(Unit(), world(dac_address=0x60, control_address=0x4B).bus)
    assert dac.found == "not at 0x62, but something of its kind answers at 0x60"
    assert dac.remedy == "Correct its address pin, or dac.address in the unit's file."
    assert control.others == (0x4B,)
    assert "control_adc.address" in control.remedy


def test_a_unit_without_a_guard_has_two_chips():
    assert len(look_for(Unit(guard_adc=None), world(guard_address=None).bus)) == 2


def test_a_hung_bus_is_asked_once_and_no_further():
    held = world()
    held.bus.hung = True
    before_s = held.clock.now_s
    with pytest.raises(Hung, match="hangs at 0x48"):
        look_for(Unit(), held.bus)
    assert held.clock.now_s - before_s < 0.02


def test_asking_changes_no_register_and_no_output():
    unit = world(eeprom_code=0x800)
    before = bytes(unit.dac.on_read(5)), unit.control_adc.on_write(b"\x01"), unit.control_adc.on_read(2)
    look_for(Unit(), unit.bus)
    assert eeprom_code(Unit(), unit.bus) == 0x800
    after = bytes(unit.dac.on_read(5)), unit.control_adc.on_write(b"\x01"), unit.control_adc.on_read(2)
    assert before == after
    assert unit.levels == {}


def test_what_is_installed_here_is_as_locked():
    assert machine.software().state == "ok"


def test_another_version_than_locked_is_named(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "pydantic==1.0 \\\n    --hash=sha256:00\n"
        "not-there==2.0 \\\nnot-here==2.0 ; sys_platform == 'win32' \\\n"
    )
    finding = machine.software(lock)
    assert finding.state == "warning"
    assert "locked is 1.0; not-there is missing" in finding.found
    assert "not-here" not in finding.found


def test_without_a_lock_the_versions_were_not_looked_at(tmp_path):
    assert machine.software(tmp_path / "no.lock").state == "skipped"


def test_a_device_that_is_not_there_is_the_business_of_who_needs_it(tmp_path):
    assert list(machine.access(tmp_path / "i2c-1", "i2c")) == []


def test_a_device_of_a_foreign_group_says_which_group(tmp_path, monkeypatch):
    device = tmp_path / "i2c-1"
    device.touch()
    assert [finding.state for finding in machine.access(device, "i2c")] == ["ok"]
    monkeypatch.setattr(os, "access", lambda *_: False)
    (finding,) = machine.access(device, "gpio")
    assert finding.state == "failed"
    assert finding.found.startswith("the device is not the group gpio's to read and write, but rw-r")
    assert finding.remedy.startswith("Have it given to the group at every start")
    assert "chgrp" not in finding.remedy, "which a restart undoes"


def test_a_device_of_the_group_says_whether_this_user_is_in_it(tmp_path, monkeypatch):
    device, mine = tmp_path / "i2c-1", grp.getgrgid(os.getegid()).gr_name
    device.touch(0o600)
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setitem(machine.RULES, mine, "a rule")
    (finding,) = machine.access(device, mine)
    assert f"not the group {mine}'s to read and write, but rw------- of the group {mine}" in finding.found
    device.chmod(0o660)
    (finding,) = machine.access(device, mine)
    assert f"is in the group {mine}, whose device it is, and yet may not use it" in finding.found
    monkeypatch.setattr(machine, "_logs_in", lambda: True)
    (finding,) = machine.access(device, mine, frozenset())
    assert (finding.state, finding.remedy) == (
        "failed",
        f"Run sudo usermod -aG {mine} $USER, then log out and in again.",
    )


def test_what_the_doctor_advises_is_what_the_installer_does():
    shipped = (Path(extras.__file__).parent / "appliance" / "60-ionto.rules").read_text().splitlines()
    assert set(machine.RULES.values()) <= set(shipped)


def test_what_lies_behind_a_device_that_may_not_be_used_says_nothing_else(capsys, tmp_path, monkeypatch):
    """Two findings on one device, by two programs, contradicted each other."""
    monkeypatch.setattr(
        machine, "access", lambda path, group: [failed(f"access to {path}", "no", "Mend it.")]
    )
    monkeypatch.setattr(doctor, "Path", lambda *_: tmp_path)
    (tmp_path / "gpiochip0").touch()
    _, answer, _ = told(capsys, "--state", tmp_path)
    by_check = {finding["check"]: finding for finding in answer["findings"]}
    assert "I2C bus" not in by_check
    for check in ("GPIO pins", "chips"):
        assert (by_check[check]["state"], by_check[check]["remedy"]) == (
            "skipped",
            "Mend the access to it first.",
        )


def test_a_bus_slower_than_the_unit_s_is_told(tmp_path):
    file = tmp_path / "class/i2c-adapter/i2c-1/of_node/clock-frequency"
    file.parent.mkdir(parents=True)
    file.write_bytes((100_000).to_bytes(4, "big"))
    finding = machine.bus_speed(1, 400_000, tmp_path)
    assert (finding.state, "100 kHz" in finding.found) == ("warning", True)
    assert "i2c_arm_baudrate=400000" in finding.remedy
    assert machine.bus_speed(1, 100_000, tmp_path).state == "ok"
    assert machine.bus_speed(2, 100_000, tmp_path).state == "skipped"


@pytest.mark.parametrize(
    ("held", "state"), [("35", "warning"), ("0", "warning"), ("10", "ok"), ("x", "skipped")]
)
def test_a_kernel_that_lets_a_chip_hold_the_bus_is_told(tmp_path, held, state):
    file = tmp_path / "module/i2c_bcm2835/parameters/clk_tout_ms"
    file.parent.mkdir(parents=True)
    file.write_text(held + "\n")
    assert machine.clock_stretch(tmp_path).state == state


@pytest.mark.parametrize(("answer", "state"), [(0, "ok"), (1, "ok"), (5, "warning"), (-1, "warning")])
def test_a_clock_that_is_not_synchronised_is_told(answer, state, tmp_path):
    assert machine.clock(lambda: answer, tmp_path).state == state


def test_the_kernel_s_clock_can_be_asked_here():
    assert machine.clock().state in ("ok", "warning")


def test_a_disk_that_can_keep_the_journal(tmp_path):
    assert machine.disk(tmp_path / "not" / "yet" / "made").state == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_cannot_be_written_is_told(tmp_path):
    file = tmp_path / "file"
    file.touch()
    finding = machine.disk(file)
    assert finding.state == "failed"
    assert "--state" in finding.remedy


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "LEAST_FREE_BYTES", 1 << 60)
    assert machine.disk(tmp_path).found.startswith("only ")


@pytest.mark.parametrize(
    ("priority", "memory", "capabilities", "lacks"),
    [
        (0, 8 << 20, 0, ["real-time priority", "8 MB of locked memory"]),
        (50, 8 << 20, 0, ["8 MB of locked memory"]),
        (0, resource.RLIM_INFINITY, 0, ["real-time priority"]),
        (50, resource.RLIM_INFINITY, 0, []),
        (0, 8 << 20, 1 << 23 | 1 << 14, []),
        (0, 8 << 20, 1 << 14, ["real-time priority"]),
    ],
)
def test_real_time_permission(tmp_path, monkeypatch, priority, memory, capabilities, lacks):
    status = tmp_path / "status"
    status.write_text(f"Name:\tpython\nCapEff:\t{capabilities:016x}\n")
    given = {resource.RLIMIT_RTPRIO: priority, resource.RLIMIT_MEMLOCK: memory}
    anna = SimpleNamespace(pw_shell="/bin/sh", pw_name="anna")
    monkeypatch.setattr(machine.pwd, "getpwuid", lambda _: anna)
    finding = machine.real_time(lambda which: (given[which], given[which]), status)
    assert (finding.state == "warning") == bool(lacks)
    assert ("anna - rtprio 60" in finding.remedy) == bool(lacks), "whoever it is, in a group or not"
    assert all(word in finding.found for word in lacks)


def told(capsys, *words):
    code = main(["doctor", "--json", *map(str, words)])
    out = capsys.readouterr()
    return code, json.loads(out.out), out.err


@pytest.mark.skipif(Path("/dev/i2c-1").exists(), reason="a machine without a unit is meant")
def test_a_machine_without_a_unit_is_told_so(capsys, tmp_path):
    code, answer, err = told(capsys, "--state", tmp_path)
    by_check = {finding["check"]: finding for finding in answer["findings"]}
    assert (code, answer["fit"], answer["simulated"], err) == (5, False, False, "")
    assert by_check["I2C bus"]["state"] == by_check["GPIO pins"]["state"] == "failed"
    assert by_check["I2C bus"]["remedy"].startswith("/dev/i2c-1 does not exist: enable I2C")
    assert "--simulate" not in json.dumps(answer)
    assert all(finding["remedy"] for finding in answer["findings"] if finding["state"] != "ok")


def test_bad_input_is_one_sentence(capsys, tmp_path):
    assert main(["doctor", "--unit", str(tmp_path / "no.yaml")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_a_meter_that_is_not_there_is_a_finding(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PYVISA_LIBRARY", "@py")
    _, answer, _ = told(capsys, "--state", tmp_path, "--meter", "nonsense")
    meter = answer["findings"][-1]
    assert (meter["check"], meter["state"]) == ("meter", "warning")  # it keeps no treatment from starting


@pytest.fixture
def unit(tmp_path):
    """A simulated unit as a process of its own; gives its socket."""
    socket = tmp_path / "unit.sock"
    command = [sys.executable, "-P", "-m", "app.main", "unit", "--socket", str(socket)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    process.stdout.readline()
    yield socket
    process.terminate()
    process.wait(600)
    process.stdout.close()


def test_the_chips_of_a_unit_that_is_a_process_are_asked_and_nothing_is_driven(unit, capsys, tmp_path):
    _, answer, _ = told(capsys, "--attach", unit, "--state", tmp_path)
    states = {finding["check"]: finding["state"] for finding in answer["findings"]}
    assert answer["simulated"]
    assert [states[name] for name in ("DAC MCP4725", "control ADC ADS1115", "guard ADC ADS1115")] == [
        "ok"
    ] * 3
    assert states["DAC EEPROM"] == "ok"


def test_a_unit_that_a_session_owns_is_left_alone(unit, capsys, tmp_path):
    held = own(unit.with_name(unit.name + ".lock"), "the unit")
    try:
        _, answer, _ = told(capsys, "--attach", unit, "--state", tmp_path)
    finally:
        os.close(held)
    chips = next(finding for finding in answer["findings"] if finding["check"] == "chips")
    assert chips["state"] == "skipped"
    assert "in use by process" in chips["found"]


def test_a_simulated_bench_is_made_of_the_same_wire():
    bench = simulated(Unit(), "hands", Scenario(), 1, None)
    assert all(chip.answers for chip in look_for(Unit(), bench.transport))


@pytest.mark.parametrize(("days", "state"), [(0, "ok"), (330, "warning"), (366, "failed")])
def test_the_unit_s_calibration_and_its_end_are_told(capsys, tmp_path, days, state):
    points = "gain: 1.0, offset: 0.0, points: [[1.0, 1.0], [20.0, 20.0]]"
    channels = ("output", "control_current", "guard_current", "voltage", "return")
    measured = datetime.now(UTC).date() - timedelta(days=days)
    (tmp_path / "calibration").mkdir()
    record = tmp_path / "calibration/A7.yaml"
    rows = "".join(f"  {name}: {{{points}}}\n" for name in channels)
    record.write_text(f'unit_serial: "A7"\ndate: {measured}\nchannels:\n{rows}')
    unit = tmp_path / "unit.yaml"
    unit.write_text('serial: "A7"\n')
    _, answer, _ = told(capsys, "--unit", unit, "--state", tmp_path)
    finding = next(each for each in answer["findings"] if each["check"] == "calibration")
    assert (finding["state"], f"{days} days ago" in finding["found"]) == (state, True)


def test_an_account_that_cannot_log_in_is_not_told_to(tmp_path, monkeypatch):
    device = tmp_path / "i2c-1"
    device.write_text("")
    monkeypatch.setattr(machine.os, "access", lambda *_: False)
    device.chmod(0o660)
    for shell, says in (
        ("/usr/sbin/nologin", "under sudo"),
        ("/bin/false", "under sudo"),
        ("/bin/bash", "log out"),
    ):
        account = SimpleNamespace(pw_shell=shell)
        monkeypatch.setattr(machine.pwd, "getpwuid", lambda _, account=account: account)
        (finding,) = machine.access(device, grp.getgrgid(os.getegid()).gr_name, frozenset())
        assert says in finding.remedy


def test_an_installed_program_is_compared_with_the_lock_it_brought(tmp_path, monkeypatch):
    (tmp_path / "requirements.lock").write_text("pydantic==0.0.1 \\\n")
    monkeypatch.setattr(machine, "ROOT", tmp_path / "site-packages")
    monkeypatch.setattr(extras, "ROOT", tmp_path / "site-packages")
    monkeypatch.setattr(machine.sys, "prefix", str(tmp_path))
    finding = machine.software()
    assert "pydantic is " in finding.found
    # Without that mark the installer takes it for one that was cut off; with it, for one that is in place.
    assert finding.remedy == f"Have the same bundle install it anew, after: sudo rm {tmp_path}/installed."


def test_real_time_is_no_matter_of_an_account_that_cannot_log_in(tmp_path, monkeypatch):
    monkeypatch.setattr(machine.pwd, "getpwuid", lambda _: SimpleNamespace(pw_shell="/usr/sbin/nologin"))
    finding = machine.real_time(lambda _: (0, 0), tmp_path / "status")
    assert finding.state == "skipped"
    assert finding.remedy.startswith("Nothing to do for treatments: ionto-controller.service")


@pytest.mark.parametrize(
    ("word", "state", "found"),
    [
        (None, "skipped", "does not tell of its supply"),
        (0, "ok", "right since it started"),
        (0x10000, "warning", "supply was too low since it started"),
        (0x50005, "warning", "is too low now; the computer is slowed down now"),
    ],
)
def test_the_computer_s_supply_and_heat_are_told(word, state, found):
    finding = machine.computer(lambda: word)
    assert finding.state == state
    assert found in finding.found
    assert bool(finding.remedy) == (state != "ok")
    assert finding.remedy.count("power supply that is made for it") <= 1


def test_an_installed_program_that_knows_no_signer_is_told_so(tmp_path):
    base, settings = tmp_path / "opt", tmp_path / "etc"
    assert list(machine.updates(base, settings)) == [], "a checkout is updated otherwise"
    base.mkdir()
    settings.mkdir()
    (base / "current").symlink_to("0.2.0-12345678")
    (finding,) = machine.updates(base, settings)
    assert (finding.state, finding.found) == ("warning", "none is taken")
    assert "Who signs" in finding.remedy
    signers = settings / "allowed_signers"
    signers.write_text("# ours\nionto ssh-ed25519 AAAA\n")
    signers.chmod(0o644)
    (finding,) = machine.updates(base, settings)
    assert (finding.state, finding.found) == ("ok", f"one key may sign them ({signers})")
    signers.chmod(0o666)
    (finding,) = machine.updates(base, settings)
    assert finding.state == "warning"

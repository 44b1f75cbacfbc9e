"""The services under a true systemd: installed, started, treating, hung, killed, stopped, restarted."""

import os
import re
import signal
import time
from itertools import pairwise
from pathlib import Path

import install_page
import pytest
from booted import LONGEST_S, STATE, install, treating
from herald import wait_for

pytestmark = pytest.mark.booted
SERVICES = ("ionto-controller", "ionto-web")
LOOK = "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:8480/{}').read().decode())"


@pytest.fixture(scope="module")
def installed(machine):
    """The machine, once the page was followed up to the technician's commands."""
    machine.told = install(machine)
    return machine


def owned(machine):
    """Wait until the service owns the unit and says that it is ready."""
    wait_for(lambda: machine.service("ionto-controller")["ActiveState"] == "active", LONGEST_S)
    machine.wait_for(phase="ready")


def page(machine, path):
    """A page as this computer sees it, or nothing where nobody answers."""
    return machine.run(f'python3 -c "{LOOK.format(path)}"').out


def test_installing_says_what_is_next_and_starts_nothing(installed):
    assert "docs/install.md" in installed.told
    for name in SERVICES:
        service = installed.service(name)
        assert (service["LoadState"], service["ActiveState"], service["UnitFileState"]) == (
            "loaded",
            "inactive",
            "disabled",
        )


def test_a_plain_debian_has_the_bus_and_who_may_use_it_from_the_next_start_on(installed):
    assert "i2c-dev" in installed.do("cat /etc/modules-load.d/ionto.conf").splitlines()
    rule = installed.do("cat /etc/udev/rules.d/60-ionto.rules")
    assert 'GROUP="gpio"' in rule
    assert 'GROUP="i2c"' in rule


@pytest.mark.parametrize("step", ["doctor", "commission", "calibrate"])
def test_what_a_technician_is_told_to_type_is_understood(installed, step):
    """There is no bus in here, which each says in a sentence; nothing is made up and nothing breaks."""
    words = {"doctor": install_page.command("doctor"), "commission": install_page.command("commission")}
    words["calibrate"] = install_page.command("calibrate")
    done = installed.run(f"{install_page.command('account')}\n{words[step]} </dev/null")
    assert done.code in (2, 5), done.told
    assert "Traceback" not in done.told
    assert "/dev/i2c-1" in done.told or "serial" in done.told
    assert "chgrp" not in done.told, "which the next start would undo"
    if step == "doctor" and "error setting limit" not in done.err:  # which some roots may not
        assert "a real-time priority and locked memory are permitted" in done.told, "as the service has"


def test_doctor_finds_the_chips_of_the_unit_outside(installed):
    done = installed.ours(f"doctor --unit /etc/ionto/unit.yaml --state {STATE} --attach /srv/unit/unit.sock")
    assert done.code == 0, done.told
    assert "FAILED" not in done.out


def test_once_enabled_it_owns_the_unit_and_is_ready(installed):
    installed.run(install_page.command("enable"))
    owned(installed)
    installed.unit.must_be_off()
    assert installed.unit.driver


def test_after_a_restart_ready_is_said_once_the_unit_is_owned(installed):
    installed.reboot()
    owned(installed)
    lines = "\n".join(installed.log("ionto-controller"))
    order = [
        lines.find(words) for words in ("Starting ionto-controller", "SIMULATED", "Started ionto-controller")
    ]
    assert -1 not in order, lines
    assert order == sorted(order), lines
    assert installed.unit.driver, "and nothing but the service drives it"
    installed.unit.must_be_off()
    wait_for(lambda: "<html" in page(installed, ""), LONGEST_S)


@treating
def test_a_whole_treatment_and_what_is_refused_meanwhile(installed):
    person = installed.treat("brief")
    quiet, driver = len(installed.log(*SERVICES)), installed.unit.driver
    for refused in (f"cd /root && {install_page.command('install')}", install_page.command("uninstall")):
        done = installed.run(refused)
        if done.code == 0:  # the treatment had ended already; all is put back for another one
            install(installed)
            installed.run(install_page.command("enable"))
        assert done.code == 5, done.told
        assert "somebody is treated on this unit now" in done.err
    assert installed.ours("off --unit /etc/ionto/unit.yaml --attach /srv/unit/unit.sock").code == 5
    installed.do("systemctl restart ionto-web")
    pages = len(installed.log("ionto-web"))
    wait_for(lambda: installed.snapshot().get("state") not in ("treating", None), 2 * LONGEST_S)
    assert installed.unit.driver == driver, "nobody took it over"
    assert len(installed.log("ionto-web")) == pages, "the pages are quiet"
    assert len(installed.log(*SERVICES)) - quiet <= 12, installed.log(*SERVICES)[quiet:]
    record = installed.session_of(person)
    assert record["outcome"] == "completed", record
    assert record["forward_ma_min"] == pytest.approx(record["reverse_ma_min"], rel=0.05)
    installed.unit.must_be_off()


def test_a_dead_card_costs_nothing_and_the_day_is_remembered(installed):
    """As its page says: kept while everything runs, put back where nothing is, by the administrator."""
    kept = f"/root/kept.zip --unit /etc/ionto/unit.yaml --state {STATE}"
    installed.do(f"sudo ionto backup {kept}")
    before = installed.sessions()
    installed.do("systemctl stop ionto-controller ionto-web")
    installed.do(f"find {STATE} -mindepth 1 -delete; rm /etc/ionto/unit.yaml")
    installed.do(f"sudo ionto restore {kept}")
    assert installed.do(f"find {STATE} ! -user ionto") == ""
    installed.do("systemctl start ionto-controller ionto-web")
    owned(installed)
    assert installed.sessions() == before
    person = installed.prepare("hands", 3.0, before[0]["person"])
    installed.wait_for(person=person, next="come_back")
    installed.press_start(code=27)
    installed.unit.must_be_off()
    installed.again(installed.treat)
    assert installed.ours(f"history verify --state {STATE}").code == 0


def test_what_a_day_leaves_in_the_log_is_little(installed):
    """A line when a session begins and one when it ends; none while nothing happens, whoever looks."""
    lines = installed.log("ionto-controller")
    assert sum(line.startswith("Session ") for line in lines) <= 2 * len(installed.sessions()), lines
    before = len(lines)
    for _ in range(20):
        page(installed, "unit")
    assert len(installed.log("ionto-controller")) == before
    assert len("\n".join(lines)) < 1024 + 512 * len(installed.sessions())


@treating
def test_killed_at_current_it_is_off_and_owned_again_and_nothing_resumes(installed):
    person = installed.treat()
    driver, began_s = installed.unit.driver, time.monotonic()
    os.kill(driver, signal.SIGKILL)
    wait_for(lambda: installed.unit.driver not in (0, driver), LONGEST_S)
    installed.unit.ended(began_s)
    owned(installed)
    installed.unit.must_be_off()
    assert installed.session_of(person)["outcome"] == "cut_off"
    assert int(installed.service("ionto-controller")["NRestarts"]) >= 1


@treating
def test_a_loop_that_hangs_is_off_before_the_watchdog_kills_it(installed):
    person = installed.treat()
    driver, began_s = installed.unit.driver, time.monotonic()
    os.kill(driver, signal.SIGSTOP)
    wait_for(lambda: installed.unit.current_ma < 0.01, LONGEST_S)
    assert Path(f"/proc/{driver}/stat").read_text().rpartition(")")[2].split()[0] == "T", "it hangs still"
    installed.unit.ended(began_s)
    wait_for(lambda: installed.unit.driver not in (0, driver), LONGEST_S)
    owned(installed)
    assert any("Watchdog timeout" in line for line in installed.log("ionto-controller"))
    installed.unit.ended(began_s)
    assert installed.session_of(person)["outcome"] == "cut_off"


@treating
def test_a_stop_of_the_service_is_a_soft_one(installed):
    person = installed.treat()
    began_s = time.monotonic()
    installed.do(install_page.command("stop"))
    falling = installed.unit.ended(began_s)
    installed.unit.must_be_off()
    assert not installed.unit.driver
    assert len(falling) > 10, "down along a ramp and not at a stroke"
    assert max(before - after for before, after in pairwise(falling)) < 1.0
    installed.do("systemctl start ionto-controller")
    owned(installed)
    assert installed.session_of(person)["outcome"] == "stopped"


@treating
def test_a_restart_of_the_computer_in_mid_treatment_is_soft_and_nothing_resumes(installed):
    person = installed.treat()
    began_s = time.monotonic()
    installed.reboot()
    assert len(installed.unit.ended(began_s)) > 10
    owned(installed)
    assert installed.session_of(person)["outcome"] == "stopped"
    installed.unit.must_be_off()


@treating
def test_the_computer_s_power_fails_in_mid_treatment(installed):
    person = installed.treat()
    began_s = time.monotonic()
    installed.pull_the_plug()
    wait_for(lambda: installed.unit.current_ma < 0.01, LONGEST_S)
    installed.unit.ended(began_s)
    installed.boot()
    owned(installed)
    installed.unit.must_be_off()
    assert installed.session_of(person)["outcome"] == "cut_off"
    assert installed.ours(f"history verify --state {STATE}").code == 0


def test_what_it_finds_by_itself_is_nobody_s_session(installed):
    person = installed.prepare("hands", 3.0)
    installed.wait_for(person=person, next="press_start")
    before = installed.sessions()
    installed.unit.switch_off()
    installed.wait(lambda: installed.snapshot().get("next") != "press_start")
    installed.unit.switch_on()
    installed.do("systemctl restart ionto-controller")  # a socket, unlike a bus, is not there again by itself
    owned(installed)
    since = installed.sessions()[: -len(before)]
    assert [one for one in since if one["person"] or one["treatment"] != "idle"] == []
    installed.wait_for(person=person)
    installed.unit.must_be_off()


@pytest.fixture
def without_a_unit(installed):
    """The unit's supply is off when the computer starts; in the end all is as it was."""
    installed.do("systemctl stop ionto-controller")
    installed.unit.switch_off()
    installed.run("systemctl start ionto-controller")
    yield installed
    installed.unit.switch_on()
    installed.run("systemctl reset-failed ionto-controller; systemctl start ionto-controller")
    owned(installed)


def test_a_unit_that_is_switched_on_later_than_the_computer_is_owned_all_the_same(without_a_unit):
    machine = without_a_unit
    wait_for(lambda: int(machine.service("ionto-controller")["NRestarts"]) >= 5 or failed(machine), LONGEST_S)
    assert not failed(machine), "it has given up"
    assert machine.service("ionto-controller")["ActiveState"] == "activating", "not ready without a unit"
    assert machine.service("ionto-web")["ActiveState"] == "active", "the pages say what is missing meanwhile"
    machine.unit.switch_on()
    owned(machine)
    machine.unit.must_be_off()


def test_nothing_that_was_logged_is_in_a_machine_s_words(installed):
    lines = installed.log(*SERVICES, "ionto-mqtt")
    wrong = re.compile(r"Errno|Traceback|unset environment variable|[a-z]\.\.(?!\.)")
    assert [line for line in lines if wrong.search(line)] == []


def failed(machine):
    return machine.service("ionto-controller")["ActiveState"] == "failed"

"""How the computer fares: by the firmware's word or the kernel's monitor, and never made up."""

import os

import pytest

from controller.host import computer


def tells(sys, word):
    file = sys / "devices/platform/soc/soc:firmware/get_throttled"
    file.parent.mkdir(parents=True)
    file.write_text(f"{word}\n")


def monitored(sys, name, alarm):
    place = sys / "class/hwmon/hwmon3"
    place.mkdir(parents=True)
    (place / "name").write_text(f"{name}\n")
    (place / "in0_lcrit_alarm").write_text(f"{alarm}\n")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("0", []),
        ("1", ["supply is too low now"]),
        ("50005", ["supply is too low now", "slowed down now"]),
        ("10000", ["supply was too low since"]),
        ("50000", ["supply was too low since", "slowed down since"]),
        ("2", ["slowed down now"]),
        ("80008", ["slowed down now"]),
        ("20000", ["slowed down since"]),
        ("100010", []),
    ],
)
def test_the_firmware_s_word_is_told_in_sentences(tmp_path, word, said):
    tells(tmp_path, word)
    found = computer.look(tmp_path)
    assert found == int(word, 16)
    sentences = computer.told(found)
    assert len(sentences) == len(said)
    assert all(part in sentence for part, sentence in zip(said, sentences, strict=True))


@pytest.mark.parametrize(("alarm", "word"), [(1, computer.LOW), (0, 0)])
def test_a_kernel_with_the_monitor_alone_tells_of_the_supply(tmp_path, alarm, word):
    monitored(tmp_path, "rpi_volt", alarm)
    assert computer.look(tmp_path) == word


def test_the_firmware_comes_first(tmp_path):
    tells(tmp_path, "0")
    monitored(tmp_path, "rpi_volt", 1)
    assert computer.look(tmp_path) == 0


def test_what_is_not_told_is_not_known(tmp_path):
    assert computer.look(tmp_path) is None
    assert computer.told(None) == []
    monitored(tmp_path, "cpu_thermal", 1)
    assert computer.look(tmp_path) is None
    tells(tmp_path, "soon")
    assert computer.look(tmp_path) is None


@pytest.mark.parametrize(
    ("script", "word"),
    [
        ("echo throttled=0x50005", 0x50005),
        ("echo throttled=0x0", 0),
        ("echo VCHI initialization failed >&2; exit 255", None),
        ("exec sleep 60", None),
    ],
)
def test_the_firmware_s_own_program_is_asked_and_not_waited_for_long(tmp_path, monkeypatch, script, word):
    monkeypatch.setattr(computer, "_ASK_S", 0.5)
    program = tmp_path / "vcgencmd"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert computer.ask() == word


def test_without_that_program_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert computer.ask() is None

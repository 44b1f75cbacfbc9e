"""What the clock is worth: who vouches for it, by files that a test lays out and a kernel that it plays."""

import time
from datetime import UTC, datetime

import pytest

from controller.host import wall
from controller.host.wall import BOOT, again, read, voucher

NOW = datetime(2026, 6, 10, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
SYNCHRONISED, NOT = (lambda: 0), (lambda: 5)


def chip(root, since_epoch_s, hctosys="1"):
    folder = root / "sys/class/rtc/rtc0"
    folder.mkdir(parents=True)
    (folder / "since_epoch").write_text(f"{since_epoch_s}\n")
    (folder / "hctosys").write_text(f"{hctosys}\n")


def test_nobody_vouches_where_nothing_is(tmp_path):
    assert voucher(NOW, tmp_path, NOT) == ""
    assert voucher(NOW, tmp_path, lambda: -1) == "", "as a service is answered that may not ask"


def test_the_kernel_or_timesyncd_vouch_after_a_time_server(tmp_path):
    assert voucher(NOW, tmp_path, SYNCHRONISED) == "network"
    (tmp_path / "run/systemd/timesync").mkdir(parents=True)
    (tmp_path / "run/systemd/timesync/synchronized").touch()
    assert voucher(NOW, tmp_path, NOT) == "network"


@pytest.mark.parametrize(
    ("apart_s", "hctosys", "vouches"),
    [(0, "1", "chip"), (-60, "1", "chip"), (61, "1", ""), (-NOW_S, "1", ""), (0, "0", ""), (0, "", "")],
)
def test_a_clock_chip_vouches_while_it_agrees_and_the_clock_was_set_by_it(
    tmp_path, apart_s, hctosys, vouches
):
    chip(tmp_path, NOW_S + apart_s, hctosys)
    assert voucher(NOW, tmp_path, NOT) == vouches


def test_a_chip_that_can_t_be_read_vouches_for_nothing(tmp_path):
    chip(tmp_path, "nonsense")
    (tmp_path / "sys/class/rtc/rtc1").mkdir()
    assert voucher(NOW, tmp_path, NOT) == ""


def test_nobody_can_vouch_for_1970(tmp_path):
    chip(tmp_path, 100)
    assert voucher(NOW.replace(year=1970), tmp_path, SYNCHRONISED) == ""


def test_the_boot_is_read_from_the_kernel_or_told_by_the_service(tmp_path, monkeypatch):
    monkeypatch.setenv(BOOT, "0123456789abcdef0123456789abcdef")
    assert read(tmp_path, NOT).boot == "0123456789abcdef0123456789abcdef"
    (tmp_path / "proc/sys/kernel/random").mkdir(parents=True)
    (tmp_path / "proc/sys/kernel/random/boot_id").write_text("89abcdef-0123-4567-89ab-cdef01234567\n")
    assert read(tmp_path, NOT).boot == "89abcdef0123456789abcdef01234567"
    monkeypatch.delenv(BOOT)
    assert read(tmp_path / "nowhere", NOT).boot == ""


def test_a_second_look_reads_the_clocks_and_no_file(tmp_path, monkeypatch):
    first = read(tmp_path, SYNCHRONISED)
    monkeypatch.setattr(wall, "voucher", None)
    monkeypatch.setattr(time, "clock_gettime", lambda clock: 1000.0 if clock == time.CLOCK_BOOTTIME else 2e9)
    second = again(first)
    assert (second.boottime_s, second.utc.timestamp()) == (1000.0, 2e9)
    assert (second.boot, second.voucher) == (first.boot, "network")


def test_the_kernel_of_this_machine_answers():
    assert wall.synchronised() in (True, False)
    assert read().possible

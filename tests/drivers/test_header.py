"""The header's chip by its label and its pins by their holders, on a kernel that only knows two ioctls."""

import errno
import os
import stat
import struct
from pathlib import Path

import pytest

import drivers.header
from drivers.errors import PinsUnavailable
from drivers.header import find_header, require_free

PINS = {"heartbeat": 17, "series_relay": 27, "start": 5}


class Kernel:
    """gpiochips by number: label, lines, and who holds which line ("" is the kernel itself)."""

    def __init__(self, directory):
        self.directory = directory
        self.chips = {}
        self.asked = []

    def add(self, number, label="pinctrl-bcm2711", lines=58, held=None):
        self.chips[number] = (label, lines, held or {})
        (self.directory / f"gpiochip{number}").touch()

    def ioctl(self, descriptor, request, answer):
        number = int(str(Path(f"/proc/self/fd/{descriptor}").readlink()).rsplit("gpiochip", 1)[1])
        label, lines, held = self.chips[number]
        self.asked.append(request)
        if isinstance(label, int):
            raise OSError(label, os.strerror(label))
        if request == 0x8044B401:
            assert len(answer) == 68  # sizeof(struct gpiochip_info)
            struct.pack_into("32s32sI", answer, 0, b"gpiochip", label.encode(), lines)
        else:
            assert (request, len(answer)) == (0xC100B405, 256)  # sizeof(struct gpio_v2_line_info)
            offset = struct.unpack_from("I", answer, 64)[0]
            used = offset in held
            consumer = held.get(offset, "").encode()
            struct.pack_into("32s32sIIQ", answer, 0, b"", consumer, offset, 0, used | 4)


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    kernel = Kernel(tmp_path)
    monkeypatch.setattr(drivers.header, "DEVICES", tmp_path)
    monkeypatch.setattr(drivers.header, "ioctl", kernel.ioctl)
    return kernel


@pytest.mark.parametrize("label", ["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"])
def test_the_header_is_known_by_its_label_whatever_its_number(kernel, label):
    kernel.add(0, "raspberrypi-exp-gpio", 8)
    kernel.add(10, "gpio-brcmstb@107d508500", 32)
    kernel.add(4, label)
    assert find_header() == 4


def test_pins_of_another_machine_are_never_taken(kernel):
    kernel.add(0, "INT34C5:00", 360)
    kernel.add(1, errno.ENODEV)
    with pytest.raises(PinsUnavailable, match=r"only gpiochip0 \(INT34C5:00\), gpiochip1 \(No such device\)"):
        find_header()


def test_a_machine_without_pins_is_told_so(kernel):
    with pytest.raises(PinsUnavailable, match=r"no GPIO pins at all: this needs a Pi; .*--simulate\.$"):
        find_header()


def test_a_device_that_may_not_be_opened_names_the_group(kernel):
    kernel.add(0, errno.EACCES)
    kernel.add(1, "raspberrypi-exp-gpio", 8)
    with pytest.raises(
        PinsUnavailable, match="gpiochip0 may not be opened: add the user to the group gpio"
    ) as e:
        find_header()
    assert e.value.errno == errno.EACCES


def test_free_pins_are_looked_at_and_left_alone(kernel):
    kernel.add(0, held={3: "i2c"})
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a path object would open one more
    require_free(0, PINS)
    assert kernel.asked == [0x8044B401] + [0xC100B405] * 3
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    assert stat.S_ISREG((kernel.directory / "gpiochip0").stat().st_mode)


def test_every_pin_that_somebody_holds_is_named_with_its_holder(kernel):
    kernel.add(0, held={17: "gpio-fan", 5: ""})
    with pytest.raises(PinsUnavailable) as caught:
        require_free(0, PINS)
    said = str(caught.value)
    assert said.startswith(
        "Pins are in use: GPIO17 (heartbeat) by gpio-fan, GPIO5 (start) by the kernel; end"
    )
    assert "config.txt" in said


def test_a_pin_that_the_header_does_not_have_is_refused(kernel):
    kernel.add(0, lines=20)
    with pytest.raises(PinsUnavailable, match=r"GPIO27 \(series_relay\) does not exist, .*lines 0 to 19"):
        require_free(0, PINS)

"""The kernel's bus as far as it goes without one: opening, settings, messages."""

import errno
import os
from pathlib import Path

import pytest
import smbus2

import drivers.smbus
from drivers.bus import BoundedBus
from drivers.errors import BusTimeout, BusUnavailable, ChipSilent, DriverError
from drivers.smbus import SmbusTransport


class FakeBus:
    """Stands for smbus2.SMBus: records messages, fills reads with 0xA0, 0xA1 and so on."""

    made = None

    def __init__(self):
        self.fd = None
        self.messages = []
        self.failure = None
        self.closed = 0
        FakeBus.made = self

    def open(self, path):
        self.path = path
        self.fd = 33

    def close(self):
        self.closed += 1

    def i2c_rdwr(self, *messages):
        self.messages.append([(m.addr, m.flags, bytes(m) if not m.flags else len(m)) for m in messages])
        if self.failure is not None:
            raise self.failure
        for message in messages:
            if message.flags:
                for i in range(len(message)):
                    message.buf[i] = 0xA0 + i


@pytest.fixture
def settings(monkeypatch):
    made = []
    monkeypatch.setattr(smbus2, "SMBus", FakeBus)
    monkeypatch.setattr(drivers.smbus, "ioctl", lambda fd, request, value: made.append((fd, request, value)))
    return made


def test_a_missing_bus_names_the_remedy():
    with pytest.raises(BusUnavailable) as caught:
        SmbusTransport(250, 10)
    assert str(caught.value).startswith("/dev/i2c-250 does not exist: enable I2C with raspi-config")
    assert "--simulate" in str(caught.value)
    assert caught.value.errno == errno.ENOENT
    assert isinstance(caught.value, DriverError)


def test_a_device_that_is_no_bus_is_refused_without_leaking_it():
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(BusUnavailable, match="/dev/null is not an I2C bus"):
        SmbusTransport("/dev/null", 10)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "group i2c"),
        (errno.ENXIO, "does not exist"),
        (errno.EBUSY, "cannot be opened"),
    ],
)
def test_other_refusals_have_their_own_words(settings, monkeypatch, number, words):
    def refuse(self, path):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(FakeBus, "open", refuse)
    with pytest.raises(BusUnavailable, match=words):
        SmbusTransport(1, 10)
    assert FakeBus.made.closed == 1


def test_the_kernel_gets_no_retries_and_the_timeout_in_tens_of_milliseconds(settings):
    SmbusTransport(1, 20)
    assert FakeBus.made.path == "/dev/i2c-1"
    assert settings == [(33, 0x0701, 0), (33, 0x0702, 2)]


@pytest.mark.parametrize("timeout_ms", [0, -10, 5, 15, 1010])
def test_a_timeout_the_kernel_cannot_keep_is_refused(settings, timeout_ms):
    with pytest.raises(ValueError, match="steps of 10"):
        SmbusTransport(1, timeout_ms)
    assert settings == []


def test_each_transaction_is_one_call_with_the_right_messages(settings):
    transport = SmbusTransport(1, 10)
    transport.write(0x62, b"\x07\xb3")
    transport.write(0x62, b"")
    assert transport.read(0x62, 5) == b"\xa0\xa1\xa2\xa3\xa4"
    assert transport.write_read(0x48, b"\x01", 2) == b"\xa0\xa1"
    assert FakeBus.made.messages == [
        [(0x62, 0, b"\x07\xb3")],
        [(0x62, 0, b"")],
        [(0x62, 1, 5)],
        [(0x48, 0, b"\x01"), (0x48, 1, 2)],
    ]


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ETIMEDOUT, BusTimeout),
        (errno.EREMOTEIO, ChipSilent),
        (errno.EIO, ChipSilent),
        (errno.EAGAIN, ChipSilent),
        (errno.ENXIO, ChipSilent),
    ],
)
def test_the_kernels_errors_become_ours_above_the_bus(settings, clock, number, error):
    transport = SmbusTransport(1, 10)
    FakeBus.made.failure = OSError(number, os.strerror(number))
    bus = BoundedBus(transport, clock.now)
    bus.allow(1.0)
    with pytest.raises(error) as caught, bus:
        bus.writeto(0x48, b"\x00")
    assert caught.value.errno == number


def test_closing_closes_the_device(settings):
    transport = SmbusTransport(1, 10)
    transport.close()
    assert FakeBus.made.closed == 1

"""The options of `ionto mqtt` and `ionto oled`, apart from the commands so that help costs no import of them.

Law: a number out of range is refused where it is read.
"""

from __future__ import annotations

import argparse

from app.arguments import named_file, path


def add_mqtt_options(command: argparse.ArgumentParser) -> None:
    """Give the command its options; their names are the fields of `app.mqtt.Order`."""
    add = command.add_argument
    add("--state", type=path, metavar="DIR", help="of the device (default: as `ionto device`)")
    add("--broker", required=True, metavar="HOST", help="where the broker is")
    add("--port", type=_port, metavar="N", help="its port (default: 1883, with --tls 8883)")
    add(
        "--tls",
        nargs="?",
        const="",
        type=named_file,
        metavar="CA.pem",
        help="encrypted, by this authority or the system's",
    )
    add("--user", metavar="NAME", help="log in as; needs --password-file")
    add("--password-file", type=path, metavar="FILE", help="its first line is the password")
    add("--prefix", default="homeassistant", metavar="TOPIC", help="of discovery (default: homeassistant)")


def add_oled_options(command: argparse.ArgumentParser) -> None:
    """Give the command its options; their names are the fields of `app.oled.Order`."""
    add = command.add_argument
    add("--state", type=path, metavar="DIR", help="of the device (default: as `ionto device`)")
    add("--unit", type=path, metavar="FILE", help="the unit's description, whose bus is not taken")
    add(
        "--bus",
        type=int,
        choices=range(21),
        required=True,
        metavar="N",
        help="the display's I2C bus, 0 to 20",
    )
    add("--address", type=_address, default=0x3C, metavar="HEX", help="default: 3C")
    add("--driver", choices=("ssd1306", "sh1106"), default="ssd1306", help="its chip (default: ssd1306)")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"'{text}' is not a port from 1 to 65535")
    return int(text)


def _address(text: str) -> int:
    try:
        address = int(text, 16)
    except ValueError:
        address = 0
    if not 0x08 <= address <= 0x77:
        raise argparse.ArgumentTypeError(f"'{text}' is not an I2C address from 08 to 77")
    return address

"""The appliance's services as systemd reads them: every line of a key that is written more than once."""

import configparser
from pathlib import Path

FILES = Path(__file__).parents[2] / "app" / "appliance"


class Several(dict):
    """Keeps every line of a key that is written more than once."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self and isinstance(self[key], list):
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def service(name):
    text = configparser.RawConfigParser(strict=False, dict_type=Several, interpolation=None)
    text.optionxform = str
    text.read(FILES / f"{name}.service")
    return {key: value.split("\n") for section in text.sections() for key, value in text[section].items()}

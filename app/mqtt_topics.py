"""What a broker is told of one unit: its topics, Home Assistant's discovery of its figures, its state.

Law: pure, and nothing about a person: a broker is read by many.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final, NamedTuple

from app.locale.zero import rounded
from config.characters import same
from controller.appliance.live_state import Hello, LiveState


class Sensor(NamedTuple):
    """One entity in Home Assistant: key of the state, name, unit, kind (component, device class)."""

    key: str
    name: str
    unit: str | None = None
    component: str = "sensor"
    device_class: str | None = None


SENSORS: Final = (
    Sensor("state", "State"),
    Sensor("phase", "Phase"),
    Sensor("next", "Next step"),
    Sensor("measured_ma", "Current", "mA", device_class="current"),
    Sensor("target_ma", "Requested current", "mA", device_class="current"),
    Sensor("left_min", "Time left", "min", device_class="duration"),
    Sensor("charge_ma_min", "Charge of this session", "mA·min"),
    Sensor("code", "Code"),
    Sensor("outcome", "Last treatment"),
    Sensor("treating", "Treating", component="binary_sensor", device_class="running"),
    Sensor("simulated", "Simulated", component="binary_sensor"),
)


def unit_id(hello: Hello) -> str:
    """Return the unit's name in topics: letters, digits and underscores of its name and serial.

    Letters that can't stand there are told apart by a sum over the whole: two such units never share a topic.
    """
    whole = same(f"{hello['unit']} {hello['serial']}")
    plain = re.sub(r"[^a-z0-9]+", "_", whole).strip("_") or "unit"
    return plain if whole.isascii() else f"{plain}_{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def told_as(hello: Hello) -> str:
    """Return the unit's name for people; a simulated one is stamped."""
    return f"{hello['unit']}{' (SIMULATED)' if hello['simulated'] else ''}"


def availability(unit: str) -> str:
    """Return the topic that says `online` or `offline`."""
    return f"ionto/{unit}/available"


def figures(unit: str) -> str:
    """Return the topic of the figures."""
    return f"ionto/{unit}/state"


def topics(unit: str, prefix: str) -> frozenset[str]:
    """Return every topic that a broker keeps of this unit."""
    return frozenset(
        {availability(unit), figures(unit), *(_config(sensor, unit, prefix) for sensor in SENSORS)}
    )


def is_ours(topic: object) -> bool:
    """Tell whether this is a topic that some version of ours may have published."""
    shapes = r"ionto/[a-z0-9_]+/(available|state)|.+/[a-z_]+/ionto_[a-z0-9_]+/[a-z_]+/config"
    return isinstance(topic, str) and re.fullmatch(shapes, topic) is not None


def discovery(sensor: Sensor, unit: str, hello: Hello, prefix: str) -> tuple[str, dict[str, Any]]:
    """Return topic and payload of Home Assistant's MQTT discovery for one entity."""
    config: dict[str, Any] = {
        "name": sensor.name,
        "unique_id": f"ionto_{unit}_{sensor.key}",
        "state_topic": figures(unit),
        "value_template": f"{{{{ value_json.{sensor.key} }}}}",
        "availability_topic": availability(unit),
        "device": {
            "identifiers": [f"ionto_{unit}"],
            "name": told_as(hello),
            "model": "iontophoresis unit",
            "sw_version": hello["version"],
        },
    }
    if sensor.component == "binary_sensor":
        config |= {"payload_on": "ON", "payload_off": "OFF"}
    if sensor.unit is not None:
        config |= {"unit_of_measurement": sensor.unit, "state_class": "measurement"}
    if sensor.device_class is not None:
        config["device_class"] = sensor.device_class
    return _config(sensor, unit, prefix), config


def _config(sensor: Sensor, unit: str, prefix: str) -> str:
    return f"{prefix}/{sensor.component}/ionto_{unit}/{sensor.key}/config"


def state_of(seen: LiveState) -> dict[str, Any]:
    """Return what is published of a snapshot."""
    charge = seen["charge_forward_ma_min"] + seen["charge_reverse_ma_min"]
    return {
        "state": seen["state"],
        "phase": seen["phase"],
        "next": seen["next"],
        "measured_ma": None if seen["measured_ma"] is None else rounded(seen["measured_ma"], 2),
        "target_ma": seen["target_ma"],
        "left_min": round(seen["left_s"] / 60, 1),
        "charge_ma_min": rounded(charge, 1),
        "code": seen["code"],
        "outcome": None if seen["last"] is None else seen["last"]["outcome"],
        "treating": "ON" if seen["state"] == "treating" else "OFF",
        "simulated": "ON" if seen["simulated"] else "OFF",
    }

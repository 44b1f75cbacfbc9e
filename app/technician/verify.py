"""`ionto verify`: whether a unit still gives and reads what its record says, at other points.

Law: the record is not changed, and it does not matter whether it has expired; every channel is judged by
limits that are stated, whatever the outcome.
"""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from app.atomic import write_whole
from app.output import ExitCode, UsageError
from app.technician.command import Bench, Order, bench_of, run_procedure
from app.technician.engine import Procedure, Progress
from app.technician.performer import Performer
from app.technician.plan import (
    LIMIT_MA,
    LIMIT_PART,
    VERIFICATION_SHARES,
    Results,
    bench_step,
    ceiling_ma,
    point_step,
    raw_points,
    resistor_step,
    sweep,
    zero_step,
)
from app.technician.records import current_record, text_of
from app.technician.solve import NOMINAL, accuracy_of
from config.calibration import Calibration, Correction, read_calibration, require_scaling
from config.unit import OutputLine, Unit

LIMITS: Final = {
    "delivered": (LIMIT_PART, LIMIT_MA),
    "control_current": (LIMIT_PART, LIMIT_MA),
    "guard_current": (0.015, 0.1),
    "return": (0.02, 0.15),
    "output": (0.02, 0.2),
    "voltage": (0.02, 0.5),
}
"""What may be wrong: that part of the value, or so many mA or V, whichever is more. What is delivered and
what regulates it as docs/laws.md has it; the guard within a third of its own margin (5 %); the return
path and the output, which only lead or compare, within 2 %; the voltage by the resistor, itself known to
0.5 % or so."""


def verify(order: Order) -> ExitCode:
    """Check a unit against its record and say whether it passes."""
    bench = bench_of(order, bare=True)
    path = order.calibration
    if path is None and bench.state is not None:
        path = current_record(bench.state, bench.serial)
    if path is None:
        raise UsageError("no record to verify: name it with --calibration, or the folder with --state")
    record = read_calibration(path, bench.serial, bench.today)
    require_scaling(record, bench.unit, str(path))
    bench = _same_parts(bench, record)
    top_ma = ceiling_ma(bench.unit) if record.made is None else record.made.reach_ma
    facts = {
        "serial": bench.serial,
        "date": bench.today.isoformat(),
        "software": version("ionto"),
        "seed": order.seed if order.simulated else None,
        "record": record.checksum,
    }

    def done(progress: Progress, _performer: Performer) -> dict[str, Any]:
        judged = verification_of(progress.results, record, bench.unit, bench.today)
        judged["simulated"] = order.simulated
        kept = None
        if bench.state is not None:
            kept = _free_name(bench.state, bench.serial)
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_whole(kept, text_of(judged))
        return {
            "outcome": judged["verdict"],
            "record": str(path),
            "verification": judged,
            "kept": kept and str(kept),
        }

    return run_procedure(
        order,
        bench,
        facts,
        make=lambda meter: procedure_of(bench.unit, bench.today, meter and meter.name),
        performer=lambda meter, speed: Performer(
            bench.unit,
            corrections=lambda _results: record,
            top_ma=lambda _results: top_ma,
            scenario=bench.scenario,
            stated_load=bench.stated_load,
            seed=order.seed,
            speed=speed,
            meter=meter,
            procedure="verify",
        ),
        done=done,
        describe=describe_verification,
        cut_is_failure=True,
    )


def procedure_of(unit: Unit, today: date, meter_name: str | None) -> Procedure:
    """Give the steps of a verification."""
    points = [(name, point) for name, point in sweep(VERIFICATION_SHARES) if "-up-" in name]
    steps = [
        bench_step(today, meter_name),
        resistor_step(unit),
        zero_step(),
        *(point_step(name, point) for name, point in points),
    ]
    return Procedure("verify", "Verification", tuple(steps))


def verification_of(results: Results, record: Calibration, unit: Unit, today: date) -> dict[str, Any]:
    """Judge every point by `LIMITS`; errors are what the unit has less what the meter shows, in mA or V."""
    points = [
        _judged(name, values, record, unit, results["resistor"]["ohm"])
        for name, values in results.items()
        if "-up-" in name
    ]
    worst = {}
    for name in LIMITS:
        rows = [point["channels"][name] for point in points if name in point["channels"]]
        if rows:
            worst[name] = max(rows, key=lambda row: abs(row["error"]) / row["limit"])
    failed = [name for name, row in worst.items() if abs(row["error"]) > row["limit"]]
    bench = results["bench"]
    return {
        "verification": 1,
        "unit_serial": record.unit_serial if not unit.serial else unit.serial,
        "date": today.isoformat(),
        "technician": bench["technician"],
        "meter": bench["meter"],
        "meter_calibrated": bench["meter_calibrated"],
        "meter_error": accuracy_of(results)._asdict(),
        "resistor_ohm": results["resistor"]["ohm"],
        "software": version("ionto"),
        "calibration": {"date": record.date, "checksum": record.checksum or ""},
        "expired": today > record.valid_until,
        "verdict": "failed" if failed else "passed",
        "failed": failed,
        "worst": worst,
        "points": points,
        "raw": raw_points(results),
    }


def _judged(name: str, values: Any, record: Calibration, unit: Unit, ohm: float) -> dict[str, Any]:
    """Give the errors of one point by channel, each with its limit."""
    channels = record.channels
    corrections: dict[str, Correction | OutputLine] = {
        "control_current": channels.control_current,
        "guard_current": channels.guard_current,
        "return": channels.return_path,
        "output": record.output_line(unit),
        "voltage": channels.voltage,
    }
    meter_ma = values["meter_ma"]
    size_ma = abs(meter_ma)
    errors = {"delivered": (size_ma - values["setpoint_ma"], size_ma)}
    for channel, correction in corrections.items():
        nominal = values[NOMINAL[channel]]
        if nominal is None:
            continue
        has = correction.gain * nominal + correction.offset
        true = {"return": meter_ma, "voltage": size_ma * ohm / 1000.0}.get(channel, size_ma)
        errors[channel] = (has - true, abs(true))
    judged = {}
    for channel, (error, true) in errors.items():
        part, constant = LIMITS[channel]
        judged[channel] = {
            "at": round(true, 6),
            "error": round(error, 6),
            "limit": round(max(part * true, constant), 6),
        }
    return {
        "point": name,
        "set_ma": values["setpoint_ma"],
        "meter_ma": round(meter_ma, 6),
        "channels": judged,
    }


def _same_parts(bench: Bench, record: Calibration) -> Bench:
    """Let the simulated unit be of the parts that its record was made with."""
    if bench.scenario is None or record.made is None or record.made.simulated is None:
        return bench
    parts = record.made.simulated.unit
    return bench._replace(scenario=bench.scenario.model_copy(update={"unit": parts}))


def _free_name(state: Path, serial: str) -> Path:
    current = current_record(state, serial)
    taken = current.parent.glob(f"{current.stem}.verified-[0-9]*.yaml")
    numbers = [int(path.stem.rpartition("-")[2]) for path in taken if path.stem.rpartition("-")[2].isdigit()]
    return current.with_name(f"{current.stem}.verified-{max(numbers, default=0) + 1:04d}.yaml")


def describe_verification(answer: dict[str, Any]) -> str:
    """Say how a verification ended, for a person."""
    judged = answer["verification"]
    lines = [f"Verification {judged['verdict'].upper()}: unit {judged['unit_serial']}, {judged['date']}."]
    for name, row in judged["worst"].items():
        what = "V" if name == "voltage" else "mA"
        verdict = "" if abs(row["error"]) <= row["limit"] else "  FAILED"
        lines.append(
            f"  {name:<16} worst {row['error']:+.3f} {what} at {row['at']:.2f} {what}, "
            f"allowed {row['limit']:.3f}{verdict}"
        )
    made_on = judged["calibration"]["date"]
    lines.append(f"  Record           of {made_on}{', EXPIRED' if judged['expired'] else ''}, not changed")
    if answer["kept"]:
        lines.append(f"  Kept             {answer['kept']}")
    if answer["simulated"]:
        lines.append("  SIMULATED: no unit was verified.")
    return "\n".join(lines)

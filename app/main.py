"""The command `ionto`: reads the command line, calls the command, turns every ending into an exit code.

Law: no traceback for anything a person can cause. Heavy imports stay inside the commands, so that help and
errors come at once.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
from collections.abc import Callable, Container
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NoReturn, get_args

from app.arguments import named_file, path, seed, socket_path, speed_or_max
from app.extras import anew, offer
from app.locale.help import Help, commands
from app.locale.terminal import SOURCE, available, retell, retell_refusal, speak, t, wanted
from app.output import ExitCode, UndeliveredError, UsageError, complain, prepare_streams, say
from controller.host.shortage import shortage
from protocols.ceilings import Area

# Not None, which is the speed `max`, nor any legal value: "left out" and "given bare" stay apart from it.
_ABSENT: Final = object()
_BARE: Final = object()
ROOMS: Final = ("protocols", "config", "controller", "drivers", "sim", "app")
SPOKEN: Final = ("run", "device", "history", "web", "nurse-code", "treatments", "check")
"""Commands that speak the person's language; a command speaks all of it or English."""
LANGUAGE: Final = "of what is said here, such as de (default: the environment's)"


_Add = Callable[[str, Callable[[argparse.Namespace], ExitCode], str], argparse.ArgumentParser]


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence and go the way of all other errors."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"formatter_class": Help, **settings})

    def error(self, message: str) -> NoReturn:
        """Refuse a command line."""
        raise UsageError(retell_refusal(message) + t(" (see `{command} --help`)", command=self.prog))


def _language(text: str) -> str:
    """Read a language's code in either case, with or without a country: de, DE, de-AT, de_DE.UTF-8."""
    code = re.split("[-_.@]", text.strip(), maxsplit=1)[0].lower()
    if code not in available():
        raise argparse.ArgumentTypeError(f"'{text}' is not one of {', '.join(available())}")
    return code


def _add_language(command: argparse.ArgumentParser) -> None:
    command.add_argument("--language", type=_language, metavar="CODE", help=LANGUAGE)


def _speak(argv: list[str], known: Container[str]) -> None:
    """Speak the language of --language, else of the environment, before the first word is said.

    Of the `known` commands some speak English only.
    """
    asked = [word.partition("=")[2] for word in argv if word.startswith("--language=")]
    asked += [after for word, after in pairwise(argv) if word == "--language"]
    command = next((word for word in argv if not word.startswith("-") and word not in asked), None)
    try:
        code = _language(asked[-1]) if asked else wanted(os.environ)
    except argparse.ArgumentTypeError:  # refused when it is parsed
        code = wanted(os.environ)
    speak(code if command in SPOKEN or command not in known else SOURCE)


def _run(args: argparse.Namespace) -> ExitCode:
    if args.treatment is None:
        raise UsageError(
            t("no treatment is named: write it before --simulate, as in `ionto run hands --simulate`")
        )
    if args.simulate is None:
        for option, value in (("--speed", args.speed), ("--seed", args.seed)):
            if value is not _ABSENT:
                raise UsageError(
                    t(
                        "{option} is for a simulated unit: add --simulate, or leave {option} out",
                        option=option,
                    )
                )
    if args.simulate is not None and args.attach is not None:
        raise UsageError(
            t("--simulate brings its own unit, --attach drives a running one: leave one of them out")
        )
    from app.run import Order, run

    simulated = args.simulate is not None
    default_speed = 60.0 if simulated else 1.0
    return run(
        Order(
            treatment=args.treatment,
            unit=args.unit,
            calibration=args.calibration,
            commissioning=args.commissioning,
            simulated=simulated,
            scenario=None if args.simulate in {None, _BARE} else Path(args.simulate),
            seed=1 if args.seed is _ABSENT else args.seed,
            speed=default_speed if args.speed is _ABSENT else args.speed,
            json=args.json,
            plot=args.plot,
            attach=args.attach,
            state=args.state,
        )
    )


def _unit(args: argparse.Namespace) -> ExitCode:
    from app.unit import UnitOrder, unit

    return unit(UnitOrder(**{name: getattr(args, name) for name in UnitOrder._fields}))


def _treatments(_: argparse.Namespace) -> ExitCode:
    from app.tables import treatments

    return treatments()


def _check(args: argparse.Namespace) -> ExitCode:
    from app.tables import check

    return check(args.files)


def _faults(args: argparse.Namespace) -> ExitCode:
    from app.tables import faults

    return faults(as_json=args.json)


def _campaign(args: argparse.Namespace) -> ExitCode:
    from app.campaign.command import Order, campaign

    return campaign(Order(**{name: getattr(args, name) for name in Order._fields}))


def _commission(args: argparse.Namespace) -> ExitCode:
    from app.technician.commission import Order, commission

    return commission(Order(**{name: getattr(args, name) for name in Order._fields}))


def _service(args: argparse.Namespace) -> ExitCode:
    if args.serial is not None:
        from app.technician.hand_over import HandOver, hand_over

        return hand_over(HandOver(**{name: getattr(args, name) for name in HandOver._fields}))
    from app.technician.service import Order, service

    return service(Order(**{name: getattr(args, name) for name in Order._fields}))


def _doctor(args: argparse.Namespace) -> ExitCode:
    from app.technician.doctor import Order, doctor

    return doctor(Order(**{name: getattr(args, name) for name in Order._fields}))


def _report(args: argparse.Namespace) -> ExitCode:
    from app.technician.facts import Order, report

    return report(Order(**{name: getattr(args, name) for name in Order._fields}))


def _web(args: argparse.Namespace) -> ExitCode:
    from app.web.command import Order, web

    return web(Order(**{name: getattr(args, name) for name in Order._fields}))


def _nurse_code(args: argparse.Namespace) -> ExitCode:
    from app.web.command import nurse_code

    return nurse_code(args.state)


def _technician_code(args: argparse.Namespace) -> ExitCode:
    from app.web.command import technician_code

    return technician_code(args.state)


def _unlock(args: argparse.Namespace) -> ExitCode:
    from app.technician.unlock import Order, unlock

    return unlock(Order(**{name: getattr(args, name) for name in Order._fields}))


def _bench(args: argparse.Namespace) -> ExitCode:
    from app.bench.command import Order, bench

    return bench(Order(**{name: getattr(args, name) for name in Order._fields}))


def _calibrate(args: argparse.Namespace) -> ExitCode:
    from app.technician.bench_options import bench_arguments
    from app.technician.command import Order, calibrate

    return calibrate(Order(**bench_arguments(args), out=args.out, valid_days=args.valid_days))


def _verify(args: argparse.Namespace) -> ExitCode:
    from app.technician.bench_options import bench_arguments
    from app.technician.command import Order
    from app.technician.verify import verify

    return verify(Order(**bench_arguments(args), calibration=args.calibration))


def _device(args: argparse.Namespace) -> ExitCode:
    from app.device.command import Order, device

    return device(Order(**{name: getattr(args, name) for name in Order._fields}))


def _history(args: argparse.Namespace) -> ExitCode:
    from app.history.command import Order, history

    return history(Order(**{name: getattr(args, name) for name in Order._fields}))


def _calibration(args: argparse.Namespace) -> ExitCode:
    from app.technician.ledger import Order, calibration

    return calibration(Order(**{name: getattr(args, name) for name in Order._fields}))


def _mqtt(args: argparse.Namespace) -> ExitCode:
    from app.mqtt import Order, mqtt

    return mqtt(Order(**{name: getattr(args, name) for name in Order._fields}))


def _oled(args: argparse.Namespace) -> ExitCode:
    from app.oled import Order, oled

    return oled(Order(**{name: getattr(args, name) for name in Order._fields}))


def _wiring(args: argparse.Namespace) -> ExitCode:
    from app.wiring.command import Order, wiring

    return wiring(Order(**{name: getattr(args, name) for name in Order._fields}))


def _circuit(args: argparse.Namespace) -> ExitCode:
    from app.circuit.command import Order, circuit

    return circuit(Order(**{name: getattr(args, name) for name in Order._fields}))


def _off(args: argparse.Namespace) -> ExitCode:
    from app.appliance.off import Order, off

    return off(Order(**{name: getattr(args, name) for name in Order._fields}))


def _bundle(args: argparse.Namespace) -> ExitCode:
    from app.appliance.bundle import Order, bundle

    return bundle(Order(**{name: getattr(args, name) for name in Order._fields}))


def _update(args: argparse.Namespace) -> ExitCode:
    from app.appliance.exchange import update

    return update(args.bundle, args.older)


def _uninstall(_: argparse.Namespace) -> ExitCode:
    from app.appliance.exchange import uninstall

    uninstall()


def _backup(args: argparse.Namespace) -> ExitCode:
    from app.backup.command import BackupOrder, backup

    return backup(BackupOrder(**{name: getattr(args, name) for name in BackupOrder._fields}))


def _restore(args: argparse.Namespace) -> ExitCode:
    from app.backup.command import RestoreOrder, restore

    return restore(RestoreOrder(**{name: getattr(args, name) for name in RestoreOrder._fields}))


def _card(args: argparse.Namespace) -> ExitCode:
    from app.card.command import Order, card

    return card(Order(**{name: getattr(args, name) for name in Order._fields}))


def _schema(args: argparse.Namespace) -> ExitCode:
    from app.tables import schema

    return schema(args.of)


def _add_unit(unit: argparse.ArgumentParser) -> None:
    unit.add_argument(
        "--socket", type=socket_path, metavar="PATH", required=True, help="where it is to be reached"
    )
    unit.add_argument("--scenario", type=path, metavar="FILE", help="who is there, and what goes wrong when")
    unit.add_argument("--seed", type=seed, default=1, metavar="N", help="which unit and person (default: 1)")
    unit.add_argument("--area", choices=get_args(Area), default="hands")
    unit.add_argument("--unit", type=path, metavar="FILE", help="its description (default: reference unit)")
    unit.add_argument("--record", type=path, metavar="FILE.csv", help="write the true current over time")
    tell = unit.add_mutually_exclusive_group()
    tell.add_argument(
        "--press", choices=("start", "stop", "up", "down"), help="press a button of the unit that runs there"
    )
    tell.add_argument(
        "--inject",
        nargs="+",
        metavar=("FAULT", "NAME=VALUE"),
        help="let a fault of `ionto faults` begin there",
    )
    tell.add_argument("--truth", action="store_true", help="print what the unit there knows, as JSON")


def _add_technicians(add: _Add) -> None:
    """Add what a technician does beside calibrating."""
    from app.technician.options import add_commission, add_doctor, add_report, add_service, add_unlock

    add_doctor(
        add("doctor", _doctor, "Look what works on this machine and what does not, and say what to do.")
    )
    add_report(add("report", _report, "Gather the facts for whoever looks for a fault, without any name."))
    add_commission(add("commission", _commission, "Give a new unit its first power, step by step."))
    add_service(
        add("service", _service, "Show what a unit was used for, what is worn and due; write a note.")
    )
    add_unlock(add("unlock", _unlock, "Say why a unit was locked, and prove its protections, to release it."))


def _add_appliance(add: _Add) -> None:
    """Add the commands of a unit as it stands in a home: its listeners, its wires, its switch."""
    from app.device.faces import add_mqtt_options, add_oled_options

    add_mqtt_options(add("mqtt", _mqtt, "Tell an MQTT broker and Home Assistant what the unit does."))
    add_oled_options(add("oled", _oled, "Show what the unit does on a small display."))
    from app.wiring.options import add_options as add_wiring_options

    add_wiring_options(add("wiring", _wiring, "Print which pin goes where on a unit, or draw it."))
    from app.circuit.options import add_options as add_circuit_options

    add_circuit_options(add("circuit", _circuit, "Simulate the reference circuit with ngspice."))
    from app.appliance.options import add_bundle_options, add_off_options, add_update_options

    add_bundle_options(add("bundle", _bundle, "Pack what an installation needs, for units without network."))
    add_update_options(add("update", _update, "Exchange this version for a bundle's, if nobody is treated."))
    add("uninstall", _uninstall, "Take the installed program away; records and settings stay.")
    from app.card.options import add_options as add_card_options

    add_card_options(add("card", _card, "Put a bundle and first-boot instructions onto a fresh card."))
    from app.backup.options import add_backup, add_restore

    add_backup(
        add("backup", _backup, "Keep what a unit knows in one file: its people, records and settings.")
    )
    add_restore(add("restore", _restore, "Put back what a backup holds, as after a dead card."))
    add_off_options(add("off", _off, "Open both relays of a unit, rest its heartbeat, set its DAC to zero."))


class _Version(argparse.Action):
    """Prints the version; a class because reading it costs an import that other commands needn't pay."""

    def __call__(self, *_: object) -> NoReturn:
        from importlib.metadata import version

        say(f"ionto {version('ionto')}")
        raise SystemExit(ExitCode.COMPLETED)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the whole command line."""
    whole = _Parser(prog="ionto", description="Controller for iontophoresis units.", allow_abbrev=False)
    whole.add_argument("--version", action=_Version, nargs=0, help="print the version")
    _add_language(whole)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, call: Callable[[argparse.Namespace], ExitCode], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(call=call)
        if name in SPOKEN:
            _add_language(command)
        return command

    run = add("run", _run, "Run a treatment, on the unit or simulated.")
    run.add_argument(
        "treatment", metavar="TREATMENT", nargs="?", help="a name of `ionto treatments` or a YAML file"
    )
    run.add_argument(
        "--unit", type=path, metavar="FILE", help="the unit's description (default: reference unit)"
    )
    for kind in ("calibration", "commissioning"):
        run.add_argument(f"--{kind}", type=path, metavar="FILE", help=f"the unit's {kind} record")
    run.add_argument(
        "--simulate",
        nargs="?",
        type=named_file,
        const=_BARE,
        metavar="SCENARIO",
        help="simulate the unit and the person",
    )
    run.add_argument(
        "--speed",
        type=speed_or_max,
        default=_ABSENT,
        metavar="max|real|N",
        help="of a simulation (default: 60)",
    )
    run.add_argument("--seed", type=seed, default=_ABSENT, metavar="N", help="of a simulation (default: 1)")
    run.add_argument("--json", action="store_true", help="print the summary as one JSON object, nothing else")
    run.add_argument("--plot", type=path, metavar="FILE.svg", help="draw the session")
    run.add_argument(
        "--attach",
        type=socket_path,
        metavar="SOCKET",
        help="drive the simulated unit that `ionto unit` runs there",
    )
    run.add_argument(
        "--state",
        type=path,
        metavar="DIR",
        help="where the journal is kept (default: $XDG_STATE_HOME/ionto or ~/.local/state/ionto; "
        "with --simulate none)",
    )
    _add_unit(add("unit", _unit, "Be a simulated unit, a process of its own in real time; or tell one."))
    add("treatments", _treatments, "List the library's treatments.")
    check = add("check", _check, "Check YAML files: treatments, units, calibrations, scenarios.")
    check.add_argument("files", nargs="+", type=path, metavar="FILE")
    faults = add("faults", _faults, "List every fault that the simulator can inject.")
    faults.add_argument("--json", action="store_true", help="as JSON")
    from app.campaign.options import add_options

    add_options(add("campaign", _campaign, "Try every fault in every phase, on all cores, and judge."))
    _add_technicians(add)
    from app.web.options import add_code_options
    from app.web.options import add_options as add_web_options

    add_web_options(add("web", _web, "Serve the companion's pages, on this computer only by default."))
    add_code_options(add("nurse-code", _nurse_code, "Set the code for limits and agreements."))
    add_code_options(add("technician-code", _technician_code, "Set the code that a locked unit asks for."))
    from app.bench.options import add_options as add_bench_options

    add_bench_options(add("bench", _bench, "Measure latency, jitter, speed and cost on this machine."))
    from app.technician import bench_options

    bench_options.add_calibrate(add("calibrate", _calibrate, "Calibrate a unit against a meter."))
    bench_options.add_verify(add("verify", _verify, "Check a unit against its calibration record."))

    from app.device.options import add_options as add_device_options

    add_device_options(add("device", _device, "Be the appliance: own the unit and serve its buttons."))
    from app.history.options import add_options as add_history_options

    add_history_options(
        add("history", _history, "Show, export, draw or verify what was treated."), _add_language
    )
    bench_options.add_calibration(add("calibration", _calibration, "A unit's records, and a certificate."))
    _add_appliance(add)
    schema = add("schema", _schema, "Print a JSON Schema.")
    schema.add_argument("of", choices=("summary", "scenario"))
    return whole


def _understood(words: list[str]) -> argparse.Namespace:
    """Parse the command line, in the language it asks for; its parser ends with this."""
    whole = parser()
    _speak(words, commands(whole))
    return whole.parse_args(words)


def _of_a_path(error: OSError) -> bool:
    """Tell of a path that can't be used, where that is no program's fault."""
    from controller.host.disk import OURS_NOT, why

    if error.errno not in OURS_NOT:
        return False
    place = Path(os.fsdecode(error.filename))
    cause, remedy = map(retell, why(error, place))
    complain(
        "ionto: " + t("{path} can't be used ({cause}): {remedy}", path=place, cause=cause, remedy=remedy)
    )
    return True


def _tell(error: Exception) -> ExitCode:
    """Tell a person what went wrong and whose fault it is."""
    reader = sys.modules.get("config.reader")  # not yet loaded, it has refused nothing
    BadFile = () if reader is None else reader.BadFile  # noqa: N806 - a class

    if isinstance(error, BadFile):  # its lines begin with the file's name, for editors to jump to
        complain(retell_refusal(str(error)))
        return ExitCode.BAD_INPUT
    if isinstance(error, UsageError):
        complain(f"ionto: {retell_refusal(str(error))}")
        return ExitCode.BAD_INPUT
    if isinstance(error, UndeliveredError):
        complain(f"ionto: {retell_refusal(str(error))}")
        return ExitCode.INTERNAL
    if (short := shortage(error)) is not None:
        complain(f"ionto: {t('this machine is short of something')} ({t(short[0])}): {t(short[1])}")
        return ExitCode.REFUSED
    if isinstance(error, OSError) and error.filename and _of_a_path(error):
        return ExitCode.BAD_INPUT
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] not in ROOMS:
        complain(f"ionto: this environment is not whole, {error.name} is missing; {anew()}")
        return ExitCode.INTERNAL
    if os.environ.get("IONTO_DEBUG") == "1":
        traceback.print_exception(error)
    said = t(
        "internal error, {kind}: {error}. This is ours to mend: please report it with the command you used; "
        "IONTO_DEBUG=1 in front of it shows where it happened.",
        kind=type(error).__name__,
        error=error,
    )
    complain(f"ionto: {said}")
    return ExitCode.INTERNAL


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's own) and return its exit code."""
    # What else is installed has no say in how our files are read, and isn't searched through at start-up.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    prepare_streams()
    words = sys.argv[1:] if argv is None else argv
    try:
        args = _understood(words)
        offer(args, words)
        code: int = args.call(args)
    except SystemExit as done:  # argparse, after printing help or version
        code = int(done.code or 0)
    except KeyboardInterrupt:
        complain("ionto: " + t("stopped before a session began."))
        code = ExitCode.STOPPED
    except Exception as error:
        code = _tell(error)
    return code


if __name__ == "__main__":
    sys.exit(main())

"""What the page Now says, as plain words: made once here for the page, and for its live changes.

Law: pure. Every value is finished text in the person's language; a script only puts it in its place. What a
unit that is silent said last is still told, and marked as old wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from app.locale.language import Language
from app.web import sentences
from controller.appliance.live_state import LiveState
from controller.core.reasons import NAMES, REASONS, Priority, Reason
from controller.core.types import Refusal
from controller.core.wording import by_area
from controller.loop.advice import SENTENCES
from controller.loop.telemetry import contact_figure
from protocols.treatment import area_of

TONES: Final = {
    Priority.HIGH: "alarm",
    Priority.MEDIUM: "caution",
    Priority.LOW: "caution",
    Priority.INFORMATION: "calm",
}
FLOWING: Final = frozenset({"contact", "ramp_up", "hold", "ramp_down", "reverse", "stopping"})


class NowView(NamedTuple):
    """Texts of the page; `tone` is `calm`, `active`, `caution` or `alarm`. Empty where nothing is to say."""

    sentence: str
    tone: str
    phase: str = ""
    left: str = ""
    wanted: str = ""
    delivered: str = ""
    contact: str = ""
    why: str = ""
    alarm: str = ""
    rest: str = ""
    prepared: str = ""
    direction: str = ""
    dose: str = ""
    way_prepare: str = ""
    way_plan: str = ""
    take_back: str = ""
    way_out: str = ""
    way_unlock: str = ""


def view(
    snapshot: LiveState | None,
    names: Mapping[str, str],
    language: Language,
    last: LiveState | None = None,
) -> NowView:
    """Word a snapshot of `docs/device.md`; None when the unit is silent, and `last` is what it said last.

    `names` are people's by id.
    """
    if snapshot is not None:
        return _view(snapshot, names, language)
    absent = language.t(sentences.ABSENT)
    if last is None:
        return NowView(absent, "alarm")
    old = _view(last, names, language)
    return old._replace(sentence=absent, tone="alarm", alarm="", why="", rest="", take_back="", way_out="")


def _view(snapshot: LiveState, names: Mapping[str, str], language: Language) -> NowView:
    t = language.t
    state, phase, polarity = snapshot["state"], snapshot["phase"], snapshot["polarity"]
    area = area_of(snapshot["treatment"] or "")
    alarm = state == "alarm" or phase == "tripped"
    treating = state == "treating"
    tone = _urgency(snapshot) if alarm else "active" if treating else "calm"
    return NowView(
        sentence=t(by_area(SENTENCES[snapshot["next"]], area))
        if snapshot["next"] in SENTENCES
        else language.retell(snapshot["note"] or ""),
        tone=tone,
        phase=_phase(snapshot, language),
        left=_left(snapshot["left_s"], language) if treating else "",
        wanted=language.ma(snapshot["target_ma"]) if snapshot["treatment"] else "",
        delivered=language.ma(snapshot["measured_ma"]) if phase in FLOWING else "",
        contact=_contact(snapshot, language),
        why=t(by_area(sentences.LIMITED_BY.get(snapshot["limited_by"] or "", ""), area)),
        alarm=_alarm(snapshot, language) if alarm else "",
        rest=_rest(snapshot, language) if rest_offered(snapshot) else "",
        prepared=_prepared(snapshot, names, language),
        direction=t(sentences.POLARITY.get(polarity, "")) if phase in FLOWING else "",
        dose=_dose(snapshot, language) if treating else "",
        way_prepare=t("Prepare a treatment") if snapshot["next"] == "prepare" else "",
        way_plan=t("Look at the plan") if snapshot["next"] == "come_back" else "",
        way_out=_way_out(language) if phase in FLOWING and area == "hands" else "",
        way_unlock=t("Say why it was locked") if snapshot["next"] == "locked" else "",
        take_back=t("Take back what is prepared") if _can_be_taken_back(snapshot) else "",
    )


def _way_out(language: Language) -> str:
    """Say what somebody can still do who has both hands in the water."""
    return language.t(
        "Nothing within reach? Slide one hand out slowly, in two to three seconds: the current falls before "
        "the water lets go of it."
    )


def _can_be_taken_back(snapshot: LiveState) -> bool:
    """Tell whether something was prepared that waits for its Start."""
    waits = snapshot["state"] in {"idle", "finished", "alarm"} and snapshot["session"] is None
    return waits and snapshot["order"] is not None and not rest_offered(snapshot)


def _phase(snapshot: LiveState, language: Language) -> str:
    """Name the phase; a unit at rest is ready, however its last session ended."""
    if snapshot["state"] == "idle":
        return language.t("Ready")
    if snapshot["state"] == "paused":
        return language.t("Paused")
    return language.t(sentences.PHASES.get(snapshot["phase"], ""))


def _left(left_s: float, language: Language) -> str:
    whole_s = max(0, round(left_s))
    return language.t("{minutes}:{seconds} min", minutes=whole_s // 60, seconds=f"{whole_s % 60:02d}")


def _contact(snapshot: LiveState, language: Language) -> str:
    """Say how well the skin conducts, with the figure behind it."""
    word = language.t(sentences.CONTACT.get(snapshot["contact"] or "", ""))
    ohm = contact_figure(snapshot)
    if not word or ohm is None:
        return word
    return language.t("{word} ({kilohm} kilohm)", word=word, kilohm=language.number(ohm / 1000, 1))


def _dose(snapshot: LiveState, language: Language) -> str:
    """Say how much of the time was given, with the charges behind it."""
    total_s = snapshot["total_s"]
    return language.t(
        "{given} of {total} min ({forward} one way, {reverse} the other way)",
        given=language.number((total_s - snapshot["left_s"]) / 60),
        total=language.number(total_s / 60),
        forward=language.charge(snapshot["charge_forward_ma_min"]),
        reverse=language.charge(snapshot["charge_reverse_ma_min"]),
    )


def _reason(snapshot: LiveState) -> Reason | None:
    """Give the row of the trip, else of what was refused."""
    last = snapshot["last"]
    name = snapshot["trip_cause"] or NAMES.get(snapshot["code"] or 0) or (last["cause"] if last else None)
    return REASONS.get(name or "")


def _urgency(snapshot: LiveState) -> str:
    """Give the tone of an alarm; red is for where current may flow that should not, here as on the unit."""
    reason = _reason(snapshot)
    return TONES[Priority.MEDIUM if reason is None else reason.priority]


def _alarm(snapshot: LiveState, language: Language) -> str:
    """Say what happened and what to do: of the trip, else of what was refused."""
    t = language.t
    last = snapshot["last"]
    parts = []
    if snapshot["code"] is not None:
        parts.append(t("Code {code}.", code=snapshot["code"]))
    if (row := _reason(snapshot)) is not None:
        area = area_of(snapshot["treatment"] or "")
        to_do = row.to_do(rest=bool(snapshot["rest_s"]))
        parts += [t(by_area(row.title, area)), t(by_area(to_do, area))]
    elif last and last["reason"]:
        parts.append(language.retell(last["reason"]))
    parts += filter(None, [unfit(snapshot, language)])
    if (locked := why_locked(snapshot, language)) and snapshot["next"] != "clear_alarm":
        parts.append(locked)
    return " ".join(parts)


def unfit(snapshot: LiveState, language: Language) -> str:
    """Say which of its records a unit lacks that treats nobody for that, or ""."""
    if snapshot["code"] != REASONS[Refusal.UNIT_UNFIT].code or not snapshot["note"]:
        return ""
    said = language.retell(snapshot["note"])
    return f"{said[:1].upper()}{said[1:].rstrip('.')}."


def why_locked(snapshot: LiveState, language: Language) -> str:
    """Say why nobody is treated until somebody has seen to it, or ""."""
    lock = snapshot["lock"]
    if lock is None:
        return ""
    return language.t("Nobody is treated: {reason}.", reason=language.retell(lock["reason"]))


def rest_offered(snapshot: LiveState) -> bool:
    """Tell whether Start gives the rest of a treatment that was cut, until its time is over."""
    return bool(snapshot["rest_s"]) and snapshot["next"] == "press_start_rest"


def _rest(snapshot: LiveState, language: Language) -> str:
    """Say what is left of a treatment that was cut, how to go on, and for how long."""
    minutes = max(1, round((snapshot["rest_s"] or 0.0) / 60))
    return language.t(
        "{left} of the treatment are left. To go on, press Start on the unit; the current rises slowly, as "
        "at the beginning. To end the treatment, press Stop on the unit. It ends by itself in {minutes} min.",
        left=_left(snapshot["left_s"], language),
        minutes=language.number(minutes),
    )


def _prepared(snapshot: LiveState, names: Mapping[str, str], language: Language) -> str:
    t = language.t
    order = snapshot["order"]
    if order is not None and not order["accepted"]:
        return t(
            "The unit refuses what was prepared: {reason}", reason=language.retell(order["refusal"] or "")
        )
    treatment = snapshot["treatment"]
    if not treatment:
        return ""
    what = t(sentences.TREATMENTS.get(treatment, treatment))
    who = names.get(snapshot["person"] or "", "")
    current = language.ma(snapshot["target_ma"])
    if who:
        return t("{what} for {who}, {current}", what=what, who=who, current=current)
    return t("{what} for nobody in particular, {current}", what=what, current=current)

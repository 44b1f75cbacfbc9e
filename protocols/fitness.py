"""Who may be treated: the questions before the first treatment, ages, and what follows from the answers.

Law: an unanswered question is a refusal; nothing a person can tick overrides one. Only a professional's
word, recorded with the nurse's code, opens what needs it, and nothing opens what is refused outright. A drug,
and areas near chest and head, are off for everybody until such a word.

Sources: the patient leaflet of the British Association of Dermatologists (pacemaker or similar device,
metal in the current's path, pregnancy, ages 5 and 12); the other questions are the contraindications that
makers' manuals add (docs/household.md lists them). The leaflet does not advise treatment in pregnancy, so
it is refused as long as it lasts; what only the manuals name needs a professional's word. Glaucoma, an
obstruction of the urinary tract and myasthenia gravis are contraindications on the labels of glycopyrrolate
tablets; a drug that is driven through the skin reaches the same body.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from protocols.ceilings import AgeGroup, Area, Electrolyte, ceiling_ma
from protocols.treatment import find

Verdict: TypeAlias = Literal["allowed", "needs_word", "refused"]

AREAS: Final[tuple[Area, ...]] = get_args(Area)
LEAST_AGE_YEARS: Final = 5
"""Nobody younger is treated (leaflet)."""
DOCTOR_BELOW_YEARS: Final = 12
"""Below this age a doctor has to agree (leaflet)."""
ADULT_FROM_YEARS: Final = 16
"""The ceilings' child is 5 to 15 years old (`protocols.ceilings`)."""
OLDEST_YEARS: Final = 120
AGE_WORD: Final = "age"
"""Key of the doctor's agreement for a child below 12."""


class Question(NamedTuple):
    """A question whose answer "yes" leads to `verdict` in `areas`; `why` tells the person."""

    key: str
    text: str
    verdict: Verdict
    why: str
    areas: tuple[Area, ...] = AREAS


_ASK: Final = "Ask your doctor or dermatology nurse first."

QUESTIONS: Final = (
    Question(
        "device",
        "Do you have a pacemaker, a defibrillator or another electronic device in your body?",
        "refused",
        "The current could disturb the device in your body. You must not be treated with this unit.",
    ),
    Question(
        "pregnant",
        "Are you pregnant, or could you be?",
        "refused",
        "The risks in pregnancy are unknown, so treatment is not advised. Breastfeeding is no obstacle.",
    ),
    Question(
        "metal",
        "Do you have metal in the parts the current passes, such as a joint replacement, plate or screws?",
        "needs_word",
        f"Metal in the current's path calls for caution. {_ASK}",
    ),
    Question(
        "coil",
        "Do you have a coil (intrauterine device) that contains metal?",
        "needs_word",
        f"When the feet are treated, the current passes near the coil. {_ASK}",
        ("feet",),
    ),
    Question(
        "heart",
        "Do you have a heart disease or an irregular heartbeat?",
        "needs_word",
        f"A heart condition calls for caution. {_ASK}",
    ),
    Question(
        "epilepsy",
        "Do you have epilepsy?",
        "needs_word",
        f"Epilepsy calls for caution. {_ASK}",
    ),
    Question(
        "feeling",
        "Do you feel less than usual in the parts to be treated?",
        "needs_word",
        f"Whoever feels less notices too late that the current is too strong. {_ASK}",
    ),
    Question(
        "thrombosis",
        "Do you have a thrombosis, a tumour or an infection in the parts to be treated?",
        "needs_word",
        f"These parts should not be treated without advice. {_ASK}",
    ),
    Question(
        "skin",
        "Are there wounds or damaged skin there that can't be covered with petroleum jelly?",
        "needs_word",
        f"The current gathers in open skin and burns it. Let it heal, or: {_ASK}",
    ),
)
"""Asked of each person before the first treatment, in this order."""
DRUG_QUESTIONS: Final = (
    Question(
        "glaucoma",
        "Do you have glaucoma (high pressure in the eye)?",
        "refused",
        "Glycopyrrolate can raise the pressure in the eye. It must not be given with glaucoma.",
    ),
    Question(
        "urinary",
        "Do you have trouble passing water, an enlarged prostate, or anything else that obstructs the "
        "urinary tract?",
        "refused",
        "Glycopyrrolate makes passing water harder. It must not be given where something obstructs it.",
    ),
    Question(
        "myasthenia",
        "Do you have myasthenia gravis?",
        "refused",
        "Glycopyrrolate can make the weakness worse. It must not be given with myasthenia gravis.",
    ),
)
"""Asked before the first treatment with glycopyrrolate, and answered for nothing else."""
DRUG: Final = "glycopyrrolate"
"""Key of the word for the drug."""
OFF: Final[Mapping[str, str]] = MappingProxyType(
    {
        DRUG: "Glycopyrrolate is a drug. It is given only while a professional has prescribed it, in the "
        "strength that they have named.",
        "underarms": "Between the underarms the current passes near the heart, and makers differ on whether "
        "they may be treated. They are off until a professional has agreed.",
        "face": "In the face the current passes near the eyes and the brain, and makers differ on whether it "
        "may be treated. It is off until a professional has agreed.",
    }
)
"""What is off until a professional's word of its own, which is for a time, and why."""
ASKED: Final[Mapping[str, str]] = MappingProxyType(
    {question.key: question.text for question in (*QUESTIONS, *DRUG_QUESTIONS)}
)
"""Each question by its key."""

TOO_YOUNG: Final = "Children under 5 years are not treated."
CHILD_WORD: Final = "Children under 12 are treated only when a doctor has agreed to it."
DRUG_UNANSWERED: Final = "The questions before glycopyrrolate are not all answered yet."
UNANSWERED: Final = "The questions before the first treatment are not all answered yet."
AGE_UNKNOWN: Final = "The date of birth lies in the future or is too long ago."


class Finding(NamedTuple):
    """One reason against treatment: `key` of the question or the age, and the sentence for the person."""

    key: str
    verdict: Verdict
    why: str


class Fitness(NamedTuple):
    """Whether a person may be treated; `findings` are the reasons, worst first."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()


def age_years(born: date, today: date) -> int:
    """Give the age in whole years; born on 29 February, one is a year older on 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def age_group(born: date, today: date) -> AgeGroup:
    """Give the age group whose ceilings hold."""
    return "adult" if age_years(born, today) >= ADULT_FROM_YEARS else "child"


def fitness(
    born: date,
    today: date,
    answers: Mapping[str, bool],
    words: Collection[str],
    area: Area,
    electrolyte: Electrolyte = "tap_water",
) -> Fitness:
    """Judge whether `area` of a person may be treated with `electrolyte`.

    `answers` maps a question's key to yes (True); `words` are the keys for which a professional's word holds,
    those of `OFF` among them.
    """
    found = _of_age(age_years(born, today))
    found += _answered(QUESTIONS, answers, area, UNANSWERED)
    if electrolyte == DRUG:
        found += _answered(DRUG_QUESTIONS, answers, area, DRUG_UNANSWERED)
        found.append(Finding(DRUG, "needs_word", OFF[DRUG]))
    if area in OFF:
        found.append(Finding(area, "needs_word", OFF[area]))
    left = [one for one in found if one.verdict == "refused" or one.key not in words]
    left.sort(key=lambda one: one.verdict != "refused")
    return Fitness(left[0].verdict if left else "allowed", tuple(left))


def _answered(
    questions: Collection[Question], answers: Mapping[str, bool], area: Area, unanswered: str
) -> list[Finding]:
    """Give what follows from the answers to some questions; one that is missing is a refusal."""
    found = []
    if any(question.key not in answers for question in questions):
        found.append(Finding("answers", "refused", unanswered))
    return found + [
        Finding(question.key, question.verdict, question.why)
        for question in questions
        if answers.get(question.key) and area in question.areas
    ]


def _of_age(years: int) -> list[Finding]:
    if not 0 <= years <= OLDEST_YEARS:
        return [Finding(AGE_WORD, "refused", AGE_UNKNOWN)]
    if years < LEAST_AGE_YEARS:
        return [Finding(AGE_WORD, "refused", TOO_YOUNG)]
    if years < DOCTOR_BELOW_YEARS:
        return [Finding(AGE_WORD, "needs_word", CHILD_WORD)]
    return []


def words_wanted(born: date, today: date, answers: Mapping[str, bool]) -> tuple[Finding, ...]:
    """Give what a professional's word could open for this person, whatever the area."""
    found = [one for one in _of_age(age_years(born, today)) if one.verdict == "needs_word"]
    for question in QUESTIONS:
        if question.verdict == "needs_word" and answers.get(question.key):
            found.append(Finding(question.key, question.verdict, question.why))
    return tuple(found)


def usual_limit_ma(area: Area, group: AgeGroup) -> float:
    """Give a person's limit in mA where no nurse has set one: the library's current, within the ceiling."""
    return min(find(area).current_ma, ceiling_ma(area, group, "tap_water"))


def highest_limit_ma(area: Area, group: AgeGroup) -> float:
    """Give the highest limit in mA that a nurse may set: the ceiling in code."""
    return ceiling_ma(area, group, "tap_water")

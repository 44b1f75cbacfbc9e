"""What is good to know: what to expect, what may be felt, the skin, who, water, electrodes, output.

Law: every figure is the program's own, put in where it is told; sources stand in `docs/leaflet.md`. Nothing
here allows or refuses anything.
"""

from __future__ import annotations

from typing import Final

from app.locale.language import Language
from app.technician.plan import LIMIT_MA, LIMIT_PART
from config.parts import Dummy, Stage
from protocols.ceilings import ABSOLUTE_MAX_MA, ceiling_ma, longest_min
from protocols.course import PER_WEEK, TOP_UP_DAYS, WEEKS
from protocols.fitness import AREAS, DOCTOR_BELOW_YEARS, LEAST_AGE_YEARS
from protocols.wetting import LEAST_CM2, LEAST_ML, SMALL_PAD_ML, acid_ph, density_ma_per_cm2

HEADINGS: Final = {
    "expect": "What to expect",
    "feel": "What you may feel",
    "skin": "Skin care",
    "who": "Who may be treated",
    "water": "Water",
    "electrodes": "Electrodes",
    "output": "What the unit gives",
    "home": "At home",
    "stop": "When to stop and ask",
}
EXPECT: Final = (
    "It holds the sweating down and does not cure it: it comes back when the treatments end.",
    "First come {per_week} treatments a week for {weeks} weeks. If it helps, one every {top_ups} days keeps "
    "it so.",
    "After the whole initial course up to {limbs} % of people sweat less at hands and feet, {underarms} % "
    "under the arms, and probably fewer in the face.",
    "Don't judge it after the first treatments: in one study, with direct current, it took 10 until hands "
    "sweated normally.",
    "More current or more time works better. Raise it by little, from treatment to treatment, and never to "
    "where it hurts.",
    "A treatment takes 20 to {longest} minutes, half of them each way.",
    "Why it works is not known for certain: thicker skin over the ducts, nerves that no longer reach them, "
    "or more acid in them have all been proposed.",
)
FEEL: Final = (
    "Tingling, as of pins and needles, is expected. It may be uncomfortable at first; most people who have "
    "done it for long say that it does not hurt. Pain is too much: press Down, or Stop.",
    "Down while the current still rises holds it where it is comfortable.",
    "Blisters or bruises come from too much current, mild burning from touching an electrode.",
    "A jolt comes when a hand or foot is pulled out while current flows. The unit lowers the current when it "
    "notices, and can't soften every jerk: press Stop first, or slide out slowly.",
    "Side effects are uncommon and soon over.",
)
SKIN: Final = (
    "Before: cover cuts and sore spots with petroleum jelly, since current gathers in open skin.",
    "Afterwards: dry the skin and use a moisturiser. It may itch or be red for a short time.",
    "Skin that gets thicker or harder is treated too often: take a longer interval, which the page Plan "
    "suggests.",
    "After blisters or bruises: no treatment until they are healed, then less current. If it happens again, "
    "ask your nurse.",
)
WHO: Final = (
    "Nobody with a pacemaker, a defibrillator or another electronic device in the body, and nobody who is or "
    "could be pregnant.",
    "Breastfeeding is no obstacle: you may be treated.",
    "Metal in the body is no trouble where the current does not pass it; where it does, ask first. Jewellery "
    "comes off.",
    "Children from {least} years on; below {doctor} years only when a doctor has agreed.",
    "From hand to hand the current spreads through arms and chest. So a heart disease needs a "
    "professional's word, and no electrode ever lies on chest, neck or head, but where a professional has "
    "agreed to underarms or face for you.",
    "Epilepsy, less feeling, thrombosis, tumours or infections there also need a professional's word.",
)
WATER: Final = (
    "Fresh tap water each time, lukewarm. Distilled or softened water conducts too little.",
    "At least {tray} litres in each tray. So much stays about as sour as tomatoes, whatever is given.",
    "Each underarm pad holds at least {pad} ml, each half of a face mask at least {mask} ml.",
    "Current makes water sour at one pole. In soft water a pad of only {small} ml reaches about pH {ph} at "
    "{current} in {minutes} minutes, which can burn skin: use larger pads, or less current.",
    "Glycopyrrolate goes into the water only when it was prescribed for you.",
)
ELECTRODES: Final = (
    "Of aluminium, conductive silicone or graphite. Never of copper, brass, zinc or steel that you don't "
    "know: their salts go into the skin.",
    "A grid, towel or sponge lies between electrode and skin, always. An electrode that is pitted or torn is "
    "replaced.",
    "For each area: the least size of each electrode, the highest current, and what that makes on each cm².",
)
OUTPUT: Final = (
    "Direct current: it rises slowly, stays even, falls, and flows the other way for the second half. No "
    "pulses.",
    "The highest current of any unit is {most}, and yours may have a lower one. A calibrated unit gives "
    "what it shows within {percent} % or {least_ma}, whichever is more.",
    "The voltage follows your skin and ends at {volt} V. A part without software ends the current at "
    "{limiter} on the reference unit.",
)
HOME: Final = (
    "Keep unit, leads and jelly out of the reach of small children: leads can go round a neck, and small "
    "parts into a mouth.",
    "Leads belong into the unit and the electrodes, and never into a wall socket. Pull them off before you "
    "carry water.",
    "Not beside apparatus for surgery, short waves or microwaves, and not connected to a second apparatus "
    "at the same time: that can burn.",
    "Don't sleep, drive or operate anything during a treatment, and let nobody use it on somebody else "
    "without their knowing.",
)
STOP: Final = (
    "Stop at once, and ask a doctor: pain in the chest, a stumbling heart, dizziness, flashes of light, a "
    "spreading rash.",
    "Stop, and ask your nurse: pain, burning, blisters, skin that stays red until the next day, or no effect "
    "after the whole initial course.",
    "Stop, and ask the technician: a smell, a damaged lead, water in the unit, or a code that comes again.",
    "When something about your health changes, change your answers first.",
)
FACTS: Final = {
    "expect": EXPECT,
    "feel": FEEL,
    "skin": SKIN,
    "who": WHO,
    "water": WATER,
    "electrodes": ELECTRODES,
    "output": OUTPUT,
    "home": HOME,
    "stop": STOP,
}


def figures(language: Language) -> dict[str, str]:
    """Give the figures of the sentences, in the signs of a language; of the output, the reference unit's."""
    pad_min = longest_min("underarms") / 2
    pad_ma = ceiling_ma("underarms", "adult", "tap_water")
    return {
        "per_week": _range(language, PER_WEEK),
        "weeks": _range(language, WEEKS),
        "top_ups": _range(language, TOP_UP_DAYS),
        "limbs": language.number(85),
        "underarms": language.number(70),
        "longest": language.number(max(longest_min(area) for area in AREAS)),
        "least": language.number(LEAST_AGE_YEARS),
        "doctor": language.number(DOCTOR_BELOW_YEARS),
        "tray": language.number(LEAST_ML["hands"] / 1000, 1),
        "pad": language.number(LEAST_ML["underarms"]),
        "mask": language.number(LEAST_ML["face"]),
        "small": language.number(SMALL_PAD_ML),
        "ph": language.number(acid_ph(pad_ma, pad_min, SMALL_PAD_ML)),
        "current": language.ma(pad_ma, 0),
        "minutes": language.number(pad_min),
        "most": language.ma(ABSOLUTE_MAX_MA, 0),
        "percent": language.number(100 * LIMIT_PART),
        "least_ma": language.ma(LIMIT_MA, 2),
        "volt": language.number(Stage().compliance_v),
        "limiter": language.ma(Dummy().limiter_ma),
    }


def told(language: Language, key: str) -> list[str]:
    """Say the facts of one heading."""
    known = figures(language)
    return [language.t(text, **known) for text in FACTS[key]]


def of_electrodes(language: Language) -> list[tuple[str, str, str, str]]:
    """Give each area's least electrode, its ceilings (adult, child) and the density at the adult's."""
    rows: list[tuple[str, str, str, str]] = []
    for area in AREAS:
        adult, child = (ceiling_ma(area, group, "tap_water") for group in ("adult", "child"))
        size = f"{language.number(LEAST_CM2[area])} cm²"
        density = f"{language.number(density_ma_per_cm2(area, adult), 2)} mA/cm²"
        rows.append((area, size, f"{language.ma(adult, 0)} / {language.ma(child, 0)}", density))
    return rows


def _range(language: Language, ends: tuple[int, ...]) -> str:
    return f"{language.number(ends[0])}\N{EN DASH}{language.number(ends[-1])}"

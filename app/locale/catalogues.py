"""The catalogues: every text that pages say, its translations, and the compiled files that are shipped.

Law: texts are found where they are said or tabled, never listed twice; a catalogue holds exactly those. Run

    python -m app.locale.catalogues            after a text or a translation has changed
    python -m app.locale.catalogues --add fr   to begin another language

then fill the empty entries of `app/locale/CODE/LC_MESSAGES/ionto.po` and run it once more.
"""

from __future__ import annotations

import argparse
import ast
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from app import known_problems, screen, tables, unit_options, words
from app import main as command_line
from app.device import panel
from app.history import command as history_command
from app.household import codes, course, feelings, order, person, store
from app.household import names as naming
from app.locale import help as helping
from app.locale.reported import reported
from app.locale.reported import words as words_reported
from app.locale.retold import REPORT, WORD
from app.locale.terminal import CATALOGUES, DOMAIN, available
from app.output import say
from app.web import facts, frame, gate, sentences
from app.web.pages import afterwards, answers, now, weeks
from config.kinds import SIGNS
from controller.core import wording
from controller.core.reasons import REASONS
from controller.core.signals import ALARMS, PATTERNS
from controller.core.types import Cause
from controller.journal.check import LIMITS
from controller.loop.advice import SENTENCES
from protocols import fitness, frequency

APP: Final = CATALOGUES.parent
TEXTS_OF: Final[Mapping[str, tuple[int, ...]]] = {"t": (0,), "n": (0, 1), "Turned": (1,)}
"""Calls whose texts are said to people, and which of their arguments those are."""
PLACES: Final = (
    *(f"{room}/**/*.py" for room in ("web", "household", "device", "history")),
    *(
        f"{name}.py"
        for name in ("main", "oled", "run", "report", "screen", "state", "tables", "unit_options", "words")
    ),
)
"""Where texts are said."""
_SAME_DATE: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Catalogues carry no date of their own, so that nothing changes where no text did."""


def tabled() -> Iterator[str]:
    """Give the texts that stand in tables and constants."""
    for question in (*fitness.QUESTIONS, *fitness.DRUG_QUESTIONS):
        yield from (question.text, question.why)
    yield from (fitness.DRUG_UNANSWERED, *fitness.OFF.values())
    yield from (fitness.TOO_YOUNG, fitness.CHILD_WORD, fitness.UNANSWERED, fitness.AGE_UNKNOWN)
    yield from (frequency.ONE_A_DAY, frequency.TOO_SOON, frequency.FIVE_A_WEEK)
    yield from (frequency.CLOCK, frequency.UNDATED)
    yield from (
        naming.NO_NAME,
        naming.NAME_TAKEN,
        person.TOO_MANY,
        store.ABOVE_CEILING,
    )
    for whose in (codes.NURSE, codes.TECHNICIAN):
        yield from whose[2:]
    yield from (*feelings.FELT.values(), *feelings.SWEAT, feelings.HURT)
    yield from (*feelings.WHY.values(), feelings.FIRST_TIME, feelings.AT_LIMIT)
    yield from chain(*(answers.values() for answers in course.ANSWERS.values()))
    yield from (*facts.HEADINGS.values(), *chain(*facts.FACTS.values()))
    yield from (*afterwards.ENDED.values(), afterwards.CUT, weeks.SCALE_TOLD)
    yield from (*order.checklists(), order.UNTICKED, order.TOO_LITTLE, order.NO_TIME)
    yield from (order.OUT_OF_LIMIT, order.ABOVE_CEILING, order.ABOVE_UNIT)
    for name, table in vars(sentences).items():
        if isinstance(table, dict) and name.isupper():
            yield from (text for text in table.values() if isinstance(text, str))
    yield from (*SENTENCES.values(), *wording.variants(), *chain(*panel.SIDES.values()))
    yield from (sentences.ABSENT, sentences.OLD, sentences.WHERE_STOP, sentences.OLD_TITLE)
    yield from (sentences.STOP_LOST, sentences.NOT_YET, sentences.HOW_SET_UP, gate.UNKNOWN_NAME)
    for reason in REASONS.values():
        yield from filter(None, (reason.title, reason.advice, reason.advice_rest))
    for problem in known_problems.PROBLEMS:
        yield from (problem.what, problem.do)
    yield from (name for _, name in frame.SECTIONS.values())
    yield from now.LABELS.values()
    yield from (label for label, _ in now.DESK.values())
    yield from (word for _, word, _ in answers.YES_NO)
    yield from answers.HOW.values()
    yield from _terminal()


def _terminal() -> Iterator[str]:
    """Give the texts of the command line that stand in tables."""
    yield from (*words.PHASE_WORDS.values(), screen.LOST, LIMITS)
    yield from map(words.plain, (*words.PHASE_WORDS, *Cause, *words.OUTCOMES))
    yield from history_command.MARKS.values()
    yield from (option.name for option in unit_options.OPTIONS)
    yield from (*tables.COLUMNS, *SIGNS)
    yield from (panel.HELP, "forward", "reverse")
    yield from (pattern.meaning for pattern in PATTERNS.values())
    yield from (alarm.meaning for alarm in ALARMS.values())
    yield from filter(None, helping.texts(command_line.parser(), command_line.SPOKEN))


def called(source: str) -> Iterator[tuple[str, ...]]:
    """Give the texts that calls in `source` say; a text with its plural is a pair.

    By the syntax tree: within a formatted string, only newer Pythons give tokens, but each gives the call.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            said = [node.args[which] for which in TEXTS_OF.get(name, ()) if which < len(node.args)]
            texts = [one.value for one in said if isinstance(one, ast.Constant)]
            words = tuple(text for text in texts if isinstance(text, str))
            if words and len(words) == len(TEXTS_OF[name]):
                yield words


def template() -> Catalog:
    """Gather every text."""
    found = Catalog(project="ionto", version="", creation_date=_SAME_DATE, charset="utf-8")
    for path in (path for place in PLACES for path in sorted(APP.glob(place))):
        for texts in called(path.read_text(encoding="utf-8")):
            found.add(texts if len(texts) > 1 else texts[0], locations=[(f"app/{path.relative_to(APP)}", 0)])
    for text in tabled():
        found.add(text)
    for text, name in reported():
        found.add(text, locations=[(name, 0)] if name else (), context=REPORT)
    for text in words_reported():
        found.add(text, context=WORD)
    return found


def po_file(code: str) -> Path:
    """Give the place of a language's translations."""
    return CATALOGUES / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def updated(code: str) -> Catalog:
    """Give a language's translations of exactly the texts there are now; new ones are empty."""
    place = po_file(code)
    kept = Catalog(locale=code)
    if place.exists():
        with place.open("rb") as stream:
            kept = read_po(stream, locale=code)
    current = Catalog(
        locale=code,
        project="ionto",
        creation_date=_SAME_DATE,
        revision_date=_SAME_DATE,
        charset="utf-8",
        header_comment=f"# Translations of ionto: {code}",
        last_translator="none",
        language_team="none",
        msgid_bugs_address="none",
        version="1",
        fuzzy=False,
    )
    for message in sorted(template(), key=lambda message: (message.context or "", str(message.id))):
        if message.id:
            old = kept.get(message.id, message.context)
            names = sorted({name for name, _ in message.locations})
            current.add(
                message.id,
                old.string if old is not None else None,
                locations=[(name, 0) for name in names],
                flags=message.flags,
                context=message.context,
            )
    return current


def written(catalogue: Catalog) -> bytes:
    """Write a catalogue for people."""
    stream = io.BytesIO()
    write_po(stream, catalogue, width=100, include_lineno=False)
    return stream.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """Write a catalogue for the program."""
    stream = io.BytesIO()
    write_mo(stream, catalogue)
    return stream.getvalue()


def missing(catalogue: Catalog) -> list[str]:
    """Give the texts that are not translated."""

    def empty(said: object) -> bool:
        return not said or (isinstance(said, list | tuple) and not all(said))

    return [str(message.id) for message in catalogue if message.id and empty(message.string)]


def main() -> None:
    """Bring all catalogues up to date."""
    parser = argparse.ArgumentParser(description="Bring the catalogues of all languages up to date.")
    parser.add_argument("--add", metavar="CODE", help="begin another language, such as fr")
    added = parser.parse_args().add
    for code in {*available(), *([added] if added else [])} - {"en"}:
        catalogue = updated(code)
        place = po_file(code)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(written(catalogue))
        place.with_suffix(".mo").write_bytes(compiled(catalogue))
        say(f"{code}: {len(catalogue)} texts, {len(missing(catalogue))} not translated")


if __name__ == "__main__":
    main()

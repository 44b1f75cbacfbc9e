"""A process that changes a household's book and what is prepared, one change a line, and answers each.

python tests/support/household_under_test.py STATE
"""

import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from app.household import order
from app.household.store import Household
from controller.host.lines import LineSplitter
from controller.orders.file import FILE, Order
from protocols.course import Plan

DAY = date(2026, 6, 10)
UNTIL = datetime(2026, 6, 10, 12, tzinfo=UTC)


def _prepare(current_ma):
    def change(_book, state):
        order.write(
            state, Order("1", "hands", current_ma, 12.0, "forward", UNTIL + timedelta(minutes=current_ma))
        )

    return change


CHANGES = {
    "add": lambda book, _: book.add_person("Ann", date(1990, 1, 1)),
    "answer": lambda book, _: book.answer(1, {"epilepsy": True}, DAY),
    "word": lambda book, _: book.give_word(1, "epilepsy", "Dr. Day", DAY),
    "no": lambda book, _: book.answer(1, {"epilepsy": False}, DAY),
    "yes again": lambda book, _: book.answer(1, {"epilepsy": True}, DAY),
    "no more": lambda book, _: book.answer(1, {"epilepsy": False}, DAY, proven=True),
    "limit": lambda book, _: book.set_limit(book.person(1), "hands", 8.0, DAY),
    "plan": lambda book, _: book.set_plan(1, "hands", Plan(2, 3, 14, DAY, alternate=True)),
    "prepare": _prepare(5.0),
    "prepare again": _prepare(6.0),
    "say": lambda book, _: book.say(1, "fine", 2),
    "say more": lambda book, _: book.say(1, None, 3),
    "pair": lambda book, _: book.pair("phone", DAY),
    "withdraw": lambda _, state: order.withdraw(state),
    "unpair": lambda book, _: book.unpair(1),
    "add another": lambda book, _: book.add_person("Ben", date(2015, 1, 1)),
    "remove": lambda book, _: book.remove_person(1),
    "code": lambda book, _: book.set_code("123456"),
}
"""What the pages do, in an order that makes sense."""


def told(state):
    """Everything that the book and the order say; the order is None where there is none."""
    book, place = Household(state), state / FILE
    people = [person._replace(words=dict(person.words)) for person in book.people()]
    plan = book.plan(1, "hands", DAY) if people else None
    kept = (people, plan, book.feedback([1]), [device.name for device in book.devices()], _coded(book))
    return kept, place.read_text() if place.exists() else None


def _coded(book):
    try:
        book.check_code("123456")
    except Exception as refused:
        return str(refused)
    return "set"


def main(state):
    book, lines = None, LineSplitter()
    while chunk := os.read(0, 1 << 16):
        for line in lines.feed(chunk):
            book = book or Household(state)
            CHANGES[line.decode()](book, state)
            os.write(1, b"done\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

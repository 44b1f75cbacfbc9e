"""What a page tells the unit of people: that something else is known now, and what each may be given.

Law: what is known of a person is kept first and told then; told it is in the same request.
"""

from __future__ import annotations

from app.household.order import tell_allowed, withdraw_of
from app.web.visit import Visit


def reconsider(visit: Visit, number: int) -> None:
    """Take back what is prepared for a person of whom something else is known now, and tell the unit."""
    take_back(visit, number)
    tell(visit)


def take_back(visit: Visit, number: int) -> None:
    """Take back what is prepared for a person."""
    withdraw_of(visit.house.state, number, visit.now)


def tell(visit: Visit) -> None:
    """Tell the unit what each may be given now."""
    tell_allowed(visit.house.state, visit.house.household, visit.now)

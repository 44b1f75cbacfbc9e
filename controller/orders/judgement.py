"""What Start would begin: an order from outside, judged here, or the unit's own treatment.

Law: an order asks and never commands. It is held to the library, the treatment's ceiling, the unit's limit
and the person's limit; what lies outside any of them is refused with a sentence, nothing is clamped. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from protocols.ceilings import MIN_CURRENT_MA
from protocols.treatment import Line, Treatment

if TYPE_CHECKING:
    from collections.abc import Mapping


class OrderRefused(Exception):
    """An order that isn't treated; `str()` is one sentence that names the key and what is allowed."""


class Prepared(NamedTuple):
    """What Start would begin. `limit_ma` is how far Up may go; `digest` names the order, "" without one."""

    name: str
    treatment: Treatment
    limit_ma: float
    person: str | None = None
    digest: str = ""


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    person: Line = Field(min_length=1, max_length=40)
    treatment: Line = Field(min_length=1, max_length=40)
    current_ma: float = Field(ge=MIN_CURRENT_MA)
    first_polarity: Literal["forward", "reverse"]
    valid_until_utc: str = Field(max_length=40)
    limit_ma: float | None = Field(default=None, ge=MIN_CURRENT_MA)


def judge(
    asked: Mapping[str, Any], library: Mapping[str, Treatment], unit_limit_ma: float, digest: str
) -> Prepared:
    """Return what an order prepares; `asked` is the object of `next.json`. Raises OrderRefused."""
    try:
        order = _Order.model_validate(dict(asked))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the order"
        raise OrderRefused(f"next.json: {key}: {first['msg']}") from None
    treatment = library.get(order.treatment)
    if treatment is None:
        raise OrderRefused(
            f"next.json: treatment: none is named {order.treatment!r}, "
            f"allowed are {', '.join(sorted(library))}"
        )
    limit_ma = order.current_ma if order.limit_ma is None else order.limit_ma
    bounds = (
        ("current_ma", order.current_ma, limit_ma, "the person's limit"),
        ("limit_ma", limit_ma, treatment.ceiling_ma, f"the ceiling of {order.treatment}"),
        ("limit_ma", limit_ma, unit_limit_ma, "this unit's limit"),
    )
    for key, value_ma, bound_ma, whose in bounds:
        if value_ma > bound_ma:
            raise OrderRefused(f"next.json: {key} is {value_ma:g}, allowed is up to {bound_ma:g} mA, {whose}")
    changed = treatment.model_dump() | {
        "current_ma": order.current_ma,
        "first_polarity": order.first_polarity,
    }
    try:
        treatment = Treatment.model_validate(changed)
    except ValidationError as error:
        raise OrderRefused(f"next.json: {error.errors()[0]['msg']}") from None
    return Prepared(order.treatment, treatment, limit_ma, order.person, digest)


def own(name: str, treatment: Treatment, unit_limit_ma: float) -> Prepared:
    """Return the unit's own treatment, for a Start without an order. Raises OrderRefused."""
    if treatment.current_ma > unit_limit_ma:
        raise OrderRefused(
            f"{name} asks for {treatment.current_ma:g} mA, this unit is limited to {unit_limit_ma:g} mA "
            "(limits.max_current_ma): choose a weaker treatment"
        )
    return Prepared(name, treatment, treatment.current_ma)

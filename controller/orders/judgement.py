"""What Start would begin: an order from outside, judged here, or the unit's own treatment.

Law: an order asks and never commands. It is held to the library and to every bound of the current;
what lies outside any of them is refused with a sentence, nothing is clamped. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from controller.loop.bounds import bound_of, why_above
from protocols.ceilings import MIN_CURRENT_MA
from protocols.treatment import Line, Treatment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.calibration import Calibration
    from config.unit import Unit


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
    asked: Mapping[str, Any],
    library: Mapping[str, Treatment],
    unit: Unit,
    calibration: Calibration,
    digest: str,
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
    for key, asked_ma, bound in (
        ("current_ma", order.current_ma, bound_of(unit, calibration, treatment, order.limit_ma)),
        ("limit_ma", limit_ma, bound_of(unit, calibration, treatment)),
    ):
        if asked_ma > bound.most_ma:
            raise OrderRefused(
                f"next.json: {key} is {asked_ma:g}, allowed is up to {bound.most_ma:g} mA, {bound.whose}"
            )
    changed = treatment.model_dump() | {
        "current_ma": order.current_ma,
        "first_polarity": order.first_polarity,
    }
    try:
        treatment = Treatment.model_validate(changed)
    except ValidationError as error:
        raise OrderRefused(f"next.json: {error.errors()[0]['msg']}") from None
    return Prepared(order.treatment, treatment, limit_ma, order.person, digest)


def own(name: str, treatment: Treatment, unit: Unit, calibration: Calibration) -> Prepared:
    """Return the unit's own treatment, for a Start without an order. Raises OrderRefused."""
    if why := why_above(name, treatment, unit, calibration):
        raise OrderRefused(why)
    return Prepared(name, treatment, treatment.current_ma)

"""Which sessions count as a treatment: a rest with what it continues, a running one, not an empty one."""

from app.web.records import Record, Records
from controller.journal.store import Store
from protocols.past import treatments


def record(number, *, charge_ma_min=100.0, linked_to=None, outcome="completed", first="forward"):
    return Record(
        number, f"2026-03-{number:02d}T10:00:00+00:00", "hands", 0, 12.0, 1200.0, outcome, None, 1200.0,
        charge_ma_min, 0.0, "1", linked_to, first, 200.0, None,
    )  # fmt: skip


def days(*records):
    return sorted(one.begun.astimezone().day for one in treatments(records))


def test_who_is_not_named_may_be_anybody_and_counts_for_each(tmp_path):
    store = Store(tmp_path)
    facts = {"unit": "u", "simulated": True, "target_ma": 12.0, "total_s": 1200.0}
    for treatment, person in (("hands", None), ("feet", "1"), ("hands", "2"), ("own.yaml", None)):
        store.begin(facts | {"treatment": treatment, "person": person})
        store.write([["end", "completed", "", 1200.0, 100.0, 100.0, None]])
    store.connection.close()
    records = Records(tmp_path)
    given = {
        (who, area): len(records.given(who, area)) for who in "123" for area in ("hands", "feet", "face")
    }
    assert given == {
        ("1", "hands"): 1, ("1", "feet"): 1, ("1", "face"): 0,
        ("2", "hands"): 2, ("2", "feet"): 0, ("2", "face"): 0,
        ("3", "hands"): 1, ("3", "feet"): 0, ("3", "face"): 0,
    }  # fmt: skip


def test_what_gave_nothing_is_no_treatment():
    assert days(record(1), record(2, charge_ma_min=0.9, outcome="aborted"), record(3, charge_ma_min=0.0)) == [
        1
    ]


def test_a_session_that_runs_counts():
    assert days(record(1, charge_ma_min=0.0, outcome=None)) == [1]


def test_a_rest_counts_once_with_what_it_continues():
    assert days(record(2, linked_to=1), record(1)) == [1]


def test_a_short_beginning_and_its_long_rest_are_a_treatment():
    beginning = record(1, charge_ma_min=0.5, outcome="aborted")
    assert days(record(2, linked_to=1), beginning) == [1]
    assert days(record(3, linked_to=2), record(2, charge_ma_min=0.2, linked_to=1), beginning) == [1]
    assert days(record(2, linked_to=1, charge_ma_min=0.0, outcome=None), beginning) == [1]


def test_a_rest_of_a_session_that_is_not_among_them_counts_by_itself():
    assert days(record(9, linked_to=1)) == [9]

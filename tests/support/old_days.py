"""The past of a household: a journal written by the controller's own store, chart and chain included."""

import math
from datetime import UTC, datetime, timedelta

from controller.journal import store as journal_store
from controller.journal.store import Store


def rows(minutes, current_ma):
    """Give a session's rows, one a second."""
    for second in range(minutes * 60):
        share = second / (minutes * 60)
        ramp = min(1.0, second / 24, (minutes * 60 - second) / 24)
        measured_ma = current_ma * ramp + 0.02 * math.sin(second)
        forward = current_ma * minutes * min(share, 0.5)
        reverse = current_ma * minutes * max(0.0, share - 0.5)
        polarity = "forward" if share < 0.5 else "reverse"
        yield (float(second), "hold", polarity, current_ma * ramp, measured_ma, 14.0, forward, reverse)


def live_days(directory, days_ago, *, person="1", minutes=20):
    """Write a session of the hands of `person` for each of `days_ago`, each a little stronger."""
    store = Store(directory)
    real_now, today = journal_store._now_utc, datetime.now(UTC)
    try:
        for number, ago in enumerate(sorted(days_ago, reverse=True)):
            moment = (today - timedelta(days=ago)).isoformat(timespec="milliseconds")
            journal_store._now_utc = lambda moment=moment: moment
            current_ma = min(12.0, 6.0 + number)
            store.begin(
                {
                    "unit": "reference", "treatment": "hands", "simulated": 1, "target_ma": current_ma,
                    "total_s": minutes * 60.0, "person": person, "linked_to": None,
                    "first_polarity": "forward",
                    "limit_ma": 12.0, "planned_ma_min": current_ma * minutes,
                }
            )  # fmt: skip
            half = current_ma * minutes / 2
            records = [["row", *row] for row in rows(minutes, current_ma)]
            store.write([*records, ["end", "completed", None, minutes * 60.0, half, half, None]])
    finally:
        journal_store._now_utc = real_now
        store.connection.close()

"""Draws `docs/images/slide-out.svg`: how a hand leaves the water where nothing can be reached.

    .venv/bin/python tests/support/slide_out.py

Law: the curve is the measured current of one simulated treatment; the hand above it stands at its seconds.
"""

from __future__ import annotations

from pathlib import Path

from simulated import simulate, treatment

from app.axes import LEFT, RIGHT, WIDTH, Panel, TimeAxis, value_axis

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "slide-out.svg"
OUT_S, OVER_S, BEFORE_S = 40.0, 3.0, 0.5
PANEL, HEIGHT = Panel(250, 190, 16), 500
HANDS = ((0.0, 0, "1. Flat in the water"), (1.5, 35, "2. Draw it towards you, slowly"), (3.0, 110, "3. Out"))
"""Seconds into the slide, how far the hand has come (pixels), and what is said."""


def course() -> list[tuple[float, float]]:
    """Give (s since the hand began to move, mA) of a treatment of 15 mA that a hand leaves in 3 s."""
    events = [{"at_s": OUT_S, "fault": "hand_slides_out", "over_s": OVER_S}]
    _, trace = simulate(treatment(current_ma=15.0, total_min=3.0), seed=1, events=events)
    rows = zip(trace.time_s, trace.measured_ma, strict=True)
    return [(at_s - OUT_S, ma) for at_s, ma in rows if ma is not None and -BEFORE_S <= at_s - OUT_S <= 3.5]


def hand(middle: float, out: int, words: str) -> list[str]:
    """Draw a tray from the side, with a hand that has been drawn out so far."""
    lift = -0.4 * out
    return [
        f'<path d="M{middle - 95:g} 110V175H{middle + 75:g}V110" fill="none" stroke="#555555" '
        'stroke-width="4"/>',
        f'<path d="M{middle - 93:g} 135H{middle + 73:g}V173H{middle - 93:g}z" fill="#d6eaf8"/>',
        f'<g transform="translate({middle + out:g} {150 + lift:g}) rotate({-0.14 * out:.1f})">'
        '<path d="M-75 6C-80-2-70-5-60-4L-10-9C10-13 40-14 60-12H125V10H45C20 14-20 13-75 6z" '
        'fill="#f2c9a8" stroke="#8a5a33" stroke-width="2"/></g>',
        f'<text x="{middle:g}" y="215" text-anchor="middle" font-size="15">{words}</text>',
    ]


def draw(rows: list[tuple[float, float]]) -> str:
    """Give the picture's text."""
    axis = TimeAxis(-BEFORE_S, 4.0)
    points = " ".join(f"{axis.x(at_s):.1f},{PANEL.y(max(0.0, ma)):.1f}" for at_s, ma in rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="sans-serif" font-size="13" fill="#222222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="32" font-size="18" font-weight="bold">Nothing within reach: slide one hand out '
        "slowly, in two to three seconds</text>",
        f'<text x="{RIGHT}" y="60" font-size="15" font-weight="bold" fill="#a3195b" '
        'text-anchor="end">current SIMULATED</text>',
        *(line for at_s, out, words in HANDS for line in hand(LEFT + 110 + 175 * at_s, out, words)),
        *value_axis(PANEL, "current / mA"),
        *(
            f'<text x="{axis.x(at_s):.1f}" y="{PANEL.bottom + 20:g}" text-anchor="middle">{at_s}</text>'
            for at_s in range(4)
        ),
        f'<text x="{(LEFT + RIGHT) / 2:g}" y="{PANEL.bottom + 42:g}" text-anchor="middle">'
        "time since the hand began to move / s</text>",
        f'<polyline points="{points}" fill="none" stroke="#0072B2" stroke-width="2.5"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(draw(course()), encoding="utf-8")

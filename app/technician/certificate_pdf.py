"""The certificate as PDF, drawn with fpdf2 (the extra `pdf`): the same page as the HTML one.

Law: without fpdf2 this says so in one sentence, and the HTML page stands.
"""

from __future__ import annotations

from typing import Any, Final

from app.axes import tick_step
from app.extras import missing
from app.output import UsageError
from app.technician.certificate import HEAD, Certificate, worst_of
from app.technician.plan import limit_ma

COLUMNS_MM: Final = (34, 42, 46, 42, 16)
PLOT_MM: Final = (28.0, 62.0)
"""Left edge and height of the picture."""
RIGHT_MM: Final = 195.0


def pdf_of(it: Certificate) -> bytes:
    """Write the page as PDF. Raises UsageError where fpdf2 is missing."""
    try:
        from fpdf import FPDF
    except ImportError as error:
        raise UsageError(missing("pdf")) from error
    page = FPDF(format="A4")
    page.set_margins(15, 12)
    page.set_auto_page_break(auto=False)
    page.set_title(_plain(it.title))
    page.add_page()
    page.set_font("helvetica", "B", 16)
    page.cell(0, 9, _plain(it.title), new_x="LMARGIN", new_y="NEXT")
    if it.simulated:
        page.set_text_color(170, 0, 0)
        page.cell(
            0, 9, "SIMULATED: no unit was calibrated", border=1, align="C", new_x="LMARGIN", new_y="NEXT"
        )
        page.set_text_color(0, 0, 0)
    page.ln(1)
    for name, text in it.facts:
        page.set_font("helvetica", "", 9.5)
        page.cell(38, 5.2, _plain(name))
        page.cell(0, 5.2, _plain(text), new_x="LMARGIN", new_y="NEXT")
    page.ln(1.5)
    for index, row in enumerate((HEAD, *it.rows)):
        page.set_font("helvetica", "B" if index == 0 else "", 8.5)
        for width_mm, cell in zip(COLUMNS_MM, row, strict=True):
            page.cell(width_mm, 5.4, _plain(cell), border="B")
        page.ln()
    _plot(page, it)
    page.set_font("helvetica", "", 9.5)
    verdict = f" (verification {it.left_verdict})" if it.left_verdict else ""
    page.multi_cell(0, 5, _plain(f"As found: {worst_of(it.found)}.\nAs left: {worst_of(it.left)}{verdict}."))
    page.ln(1)
    page.set_x(15)
    page.multi_cell(0, 5, _plain(it.statement))
    _signatures(page, it)
    return bytes(page.output())


def _plot(page: Any, it: Certificate) -> None:
    """Draw errors over the current with the limits."""
    left_mm, height_mm = PLOT_MM
    top_mm = page.get_y() + 5
    points = [*it.found, *it.left]
    top_ma = max((true for true, _ in points), default=25.0) * 1.04
    highest = 1.15 * max([limit_ma(top_ma), *(abs(error) for _, error in points)])

    def x(true: float) -> float:
        return left_mm + (RIGHT_MM - left_mm) * true / top_ma

    def y(error: float) -> float:
        return float(top_mm + height_mm * (0.5 - error / highest / 2))

    page.set_draw_color(200, 200, 200)
    page.set_font("helvetica", "", 8)
    step = tick_step(2 * highest, 6)
    for index in range(-int(highest / step), int(highest / step) + 1):
        page.line(left_mm, y(index * step), RIGHT_MM, y(index * step))
        page.text(18, y(index * step) + 1, f"{index * step:g}")
    page.set_draw_color(192, 57, 43)
    for sign in (1, -1):
        for part in range(50):
            a, b = top_ma * part / 50, top_ma * (part + 1) / 50
            page.line(x(a), y(sign * limit_ma(a)), x(b), y(sign * limit_ma(b)))
    page.set_draw_color(110, 110, 110)
    for true, error in it.found:
        page.line(x(true) - 0.9, y(error) - 0.9, x(true) + 0.9, y(error) + 0.9)
        page.line(x(true) - 0.9, y(error) + 0.9, x(true) + 0.9, y(error) - 0.9)
    page.set_fill_color(11, 98, 164)
    for true, error in it.left:
        page.ellipse(x(true) - 0.8, y(error) - 0.8, 1.6, 1.6, style="F")
    step = tick_step(top_ma, 8)
    for index in range(int(top_ma / step) + 1):
        page.text(x(index * step) - 1, top_mm + height_mm + 4, f"{index * step:g}")
    page.text(
        left_mm + 20,
        top_mm + height_mm + 8.5,
        "error / mA over current / mA; x as found, dot as left, red the limit",
    )
    page.set_draw_color(0, 0, 0)
    page.set_xy(15, top_mm + height_mm + 12)


def _signatures(page: Any, it: Certificate) -> None:
    y_mm = min(page.get_y() + 20, 278)
    page.line(15, y_mm, 95, y_mm)
    page.line(110, y_mm, 195, y_mm)
    page.set_font("helvetica", "", 8)
    page.text(15, y_mm + 4, "Technician, date")
    page.text(110, y_mm + 4, "Checked by, date")
    page.text(15, y_mm + 10, f"SHA-256 of the record: {it.checksum}")


def _plain(text: str) -> str:
    """Give text in the PDF's own fonts, which have Latin-1 only."""
    return text.encode("latin-1", "replace").decode("latin-1")

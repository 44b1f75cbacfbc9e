// The charts of History: fetched, drawn, and a button to print. Law: nothing is worded or decided here.
"use strict";

(() => {
  for (const box of document.querySelectorAll("[data-chart]")) {
    if (!ionto.plots) { // as without scripts
      const drawn = document.createElement("img");
      drawn.src = box.dataset.drawn;
      drawn.alt = box.getAttribute("aria-label");
      drawn.className = "chart";
      box.parentNode.replaceChild(drawn, box);
      continue;
    }
    fetch(box.dataset.chart).then((answer) => answer.json()).then((chart) => {
      if (!chart.at_s || !chart.at_s.length) { box.closest("section").hidden = true; return; }
      ionto.current(box, [chart.at_s.map((at) => at / 60), chart.setpoint_ma, chart.measured_ma], chart.polarity);
    });
  }
  for (const box of document.querySelectorAll("[data-progress]")) {
    if (!ionto.plots) { box.hidden = true; continue; } // the table below has the last weeks
    fetch(box.dataset.progress).then((answer) => answer.json()).then((rows) => {
      const number = new Intl.NumberFormat(box.dataset.locale, { maximumFractionDigits: 1 });
      const value = (_, raw) => (raw == null ? "-" : number.format(raw));
      const day = new Intl.DateTimeFormat(box.dataset.locale, { year: "numeric", month: "short", day: "numeric" });
      const short = new Intl.DateTimeFormat(box.dataset.locale, { month: "short", day: "numeric" });
      const axes = ionto.axes("", [[box.dataset.dose, "dose", 3], [box.dataset.sweat, "sweat", 1]]);
      axes[0].space = 80; // a date in any language
      axes[0].values = (_, splits) => splits.map((at) => short.format(at * 1000));
      axes[2].values = (_, splits) => splits.map((at) => (Number.isInteger(at) ? String(at) : ""));
      const several = rows.lines.length > 1;
      const series = [{ label: box.dataset.day, value: (_, at) => (at == null ? "-" : day.format(at * 1000)) }];
      const columns = [rows.at_s];
      rows.lines.forEach((line, index) => { // a line for each person and area, told apart in grey prints too
        const dash = index ? [2 + 6 * index, 4] : [];
        const named = (what) => (several ? `${line.name}: ${what}` : what);
        const either = { spanGaps: true, points: { show: true }, value };
        series.push({ ...either, label: named(box.dataset.dose), scale: "dose", stroke: ionto.colour("--mark"), width: 2, dash });
        series.push({ ...either, label: named(box.dataset.sweat), scale: "sweat", stroke: ionto.colour("--stop"), width: 1, dash });
        columns.push(line.charge_ma_min, line.sweat);
      });
      ionto.plot(box, {
        scales: { x: { time: true }, dose: { range: (_, low, high) => [0, Math.max(1, high * 1.1)] }, sweat: { range: () => [0, 4.2] } },
        axes,
        series,
      }, columns);
    });
  }
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();

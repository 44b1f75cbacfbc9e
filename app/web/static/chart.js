// The charts: figures in, a uPlot out. Law: a chart never says more than the figures beside it.
"use strict";

// An old browser may not know the language in which uPlot is written: then there are no plots, and all else is.
const ionto = { plots: typeof uPlot === "function" };

ionto.colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

ionto.font = "14px system-ui, sans-serif";

ionto.axes = (xLabel, yLabels) => [
  { label: xLabel, font: ionto.font, labelFont: ionto.font, stroke: ionto.colour("--quiet"), grid: { stroke: ionto.colour("--line"), width: 1 } },
  ...yLabels.map(([label, scale, side]) => ({
    label, scale, side, font: ionto.font, labelFont: ionto.font, stroke: ionto.colour("--quiet"), grid: { show: side === 3, stroke: ionto.colour("--line"), width: 1 },
  })),
];

ionto.plot = (box, options, data) => {
  const size = () => ({ width: Math.max(240, box.clientWidth), height: 260 });
  // The legend's figures follow a pointer; where there is only a finger they would stay empty.
  const legend = { live: matchMedia("(hover: hover)").matches };
  const plot = new uPlot({ ...size(), legend, ...options }, data, box);
  if (window.ResizeObserver) new ResizeObserver(() => plot.setSize(size())).observe(box);
  return plot;
};

// Which way the current flowed is written over each stretch of one direction, and shaded where it was the other way.
ionto.directions = (box, ways) => (plot) => {
  const { ctx, bbox } = plot;
  const times = plot.data[0];
  const scale = window.devicePixelRatio || 1;
  ctx.save();
  ctx.font = `${13 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  let begun = 0;
  for (let index = 1; index <= times.length; index += 1) {
    if (index < times.length && ways[index] === ways[begun]) continue;
    const way = ways[begun];
    const left = plot.valToPos(times[begun], "x", true);
    const width = plot.valToPos(times[Math.min(index, times.length - 1)], "x", true) - left;
    ctx.fillStyle = ionto.colour("--line");
    ctx.globalAlpha = 0.45;
    if (way === "reverse") ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillStyle = ionto.colour("--ink");
    const words = box.dataset[way] || "";
    const room = ctx.measureText(words).width + 8 * scale < width;
    const said = room ? words : way === "reverse" ? "\u2212" : "+";
    if (way && width > 8 * scale) ctx.fillText(said, left + 4 * scale, bbox.top + 4 * scale);
    begun = index;
  }
  ctx.restore();
};

ionto.current = (box, data, ways) => {
  const number = new Intl.NumberFormat(box.dataset.locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  // What rounds to zero has no sign.
  const value = (_, raw) => (raw == null ? "-" : number.format(Math.abs(raw) < 0.05 ? 0 : raw));
  return ionto.plot(box, {
    scales: { x: { time: false }, y: { range: (_, low, high) => [0, Math.max(1, high * 1.25)] } },
    hooks: { drawClear: [ionto.directions(box, ways)] },
    axes: ionto.axes(box.dataset.time, [["mA", "y", 3]]),
    series: [
      { label: box.dataset.time, value },
      { label: box.dataset.set, stroke: ionto.colour("--quiet"), dash: [6, 4], width: 2, value },
      { label: box.dataset.delivered, stroke: ionto.colour("--mark"), width: 3, value },
    ],
  }, data);
};

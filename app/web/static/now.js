// The page Now, live: the unit's words are put where they belong. Law: nothing is worded or decided here.
"use strict";

(() => {
  const box = document.getElementById("live-chart");
  const data = [[], [], []];
  const ways = [];
  let plot = null;
  let session = null;
  let state = null;
  const most = 4 * 60 * 60;

  const put = (texts) => {
    for (const place of document.querySelectorAll("[data-live]")) {
      const text = texts[place.dataset.live];
      if (place.textContent !== text) place.textContent = text;
      const shell = place.closest("dl > div") || (place.dataset.live === "sentence" ? null : place);
      if (shell) shell.hidden = !text;
    }
    const sentence = document.querySelector("[data-live='sentence']");
    sentence.className = `sentence ${texts.tone}`;
  };

  const draw = () => {
    if (!ionto.plots) return;
    document.getElementById("live-section").hidden = data[0].length < 2;
    if (data[0].length < 2) return;
    if (plot === null) plot = ionto.current(box, data, ways);
    else plot.setData(data);
  };

  const add = (figures) => {
    if (figures.session == null || figures.since_start_s == null || figures.state !== "treating") return;
    const minutes = figures.since_start_s / 60; // as the record counts, from Start on
    if (data[0].length && minutes <= data[0][data[0].length - 1]) return;
    data[0].push(minutes);
    data[1].push(figures.setpoint_ma);
    data[2].push(figures.measured_ma);
    ways.push(figures.polarity);
    if (data[0].length > most) [...data, ways].forEach((column) => column.shift());
    draw();
  };

  const begin = async (figures) => {
    session = figures.session;
    [...data, ways].forEach((column) => { column.length = 0; });
    if (session == null) return;
    let chart = {};
    try {
      const answer = await fetch(`/history/${session}/chart.json`);
      if (answer.ok) chart = await answer.json();
    } catch (error) {
      return; // the chart begins here, then
    }
    if (!chart.at_s || data[0].length) return;
    chart.at_s.forEach((at, index) => {
      data[0].push(at / 60);
      data[1].push(chart.setpoint_ma[index]);
      data[2].push(chart.measured_ma[index]);
      ways.push(chart.polarity[index]);
    });
    draw();
  };

  document.addEventListener("unit", ({ detail: { message } }) => {
    put(message.texts);
    if (message.old) return;
    const figures = message.figures;
    if (figures.session !== session) begin(figures);
    else add(figures);
    // The questions after a treatment are part of the page, not of what is told: it is loaded anew once.
    const ended = state === "treating" && figures.state !== "treating";
    state = figures.state;
    if (ended) setTimeout(() => location.reload(), 1500);
  });
})();

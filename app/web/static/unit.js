// Every page of a paired device: asks once a second what the unit does, tells the page's other scripts, and marks
// the page as old when no word has come for 3 s, whoever fell silent: unit, companion, network, or this phone, asleep.
// Law: an answer is as old as its question. A unit that is silent changes nothing else, and a form that somebody
// fills in is never taken away.
"use strict";

(() => {
  const root = document.documentElement;
  const note = document.getElementById("old");
  const stamp = document.querySelector("[data-unit]");
  const live = document.getElementById("live-section");
  const every_ms = 1000;
  const look_ms = 250;
  const old_ms = 1000 * note.dataset.afterS;
  // Two clocks, the greater counts: one may stand still while the phone sleeps, the other may be set.
  const moment = () => ({ wall_ms: Date.now(), steady_ms: performance.now() });
  const since_ms = (then) => Math.max(Date.now() - then.wall_ms, performance.now() - then.steady_ms);
  let asked = { wall_ms: performance.timing.navigationStart, steady_ms: 0 };
  let age_ms = note.dataset.ageS ? 1000 * note.dataset.ageS : Infinity;
  let question = null;
  let tried = null;

  const judge = () => {
    const old = since_ms(asked) + age_ms > old_ms;
    if (note.hidden !== old) return;
    note.hidden = !old;
    root.classList.toggle("old", old);
    document.title = old ? note.dataset.oldTitle : note.dataset.title;
  };

  const tell = ({ unit, stamp: text }) => {
    if (!unit || unit === stamp.dataset.unit) return;
    stamp.dataset.unit = unit;
    stamp.textContent = text;
    stamp.className = text ? "simulated" : "";
    stamp.hidden = !text;
    if (live) location.reload(); // the simulated unit's buttons come or go with it
  };

  // What is asked of somebody after a treatment could be answered by whoever is treated now.
  const rest = (message) => {
    for (const part of document.querySelectorAll("[data-at-rest]")) part.hidden = message.in_session;
  };

  const hear = (message, when) => {
    asked = when;
    age_ms = message.old ? Infinity : 1000 * message.age_s;
    judge();
    document.dispatchEvent(new CustomEvent("unit", { detail: { message, asked } }));
    tell(message);
    if (!message.old) rest(message);
  };

  const ask = async () => {
    if (document.hidden || question || (tried && since_ms(tried) < every_ms)) return;
    const when = tried = moment();
    const mine = question = new AbortController();
    const end = setTimeout(() => mine.abort(), old_ms);
    try {
      const answer = await fetch("/unit", { signal: mine.signal, cache: "no-store" });
      if (answer.status === 403) location.reload(); // this device is not paired any more
      const message = answer.ok ? await answer.json() : null;
      if (message) hear(message, when);
    } catch (error) {
      // nobody answers; the next time somebody may
    }
    clearTimeout(end);
    if (question === mine) question = null;
  };

  const wake = () => {
    judge();
    if (question) question.abort();
    question = tried = null;
    ask();
  };

  document.addEventListener("visibilitychange", wake);
  addEventListener("pageshow", wake);
  addEventListener("online", wake);
  setInterval(() => { judge(); ask(); }, look_ms);
})();

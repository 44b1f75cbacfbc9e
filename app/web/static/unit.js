// Every page: SIMULATED stands there while the unit that is there says so, whoever was there when the page was
// loaded. Law: a unit that is silent changes nothing, and a form that somebody fills in is never taken away.
"use strict";

(() => {
  const stamp = document.querySelector("[data-unit]");
  const live = document.getElementById("live-section");
  const every_ms = 3000;
  let told_ms = 0;

  const tell = ({ unit, stamp: text }) => {
    told_ms = Date.now();
    if (!unit || unit === stamp.dataset.unit) return;
    stamp.dataset.unit = unit;
    stamp.textContent = text;
    stamp.className = text ? "simulated" : "";
    stamp.hidden = !text;
    if (live) location.reload(); // the simulated unit's buttons come or go with it
  };

  const ask = async () => {
    if (document.hidden || Date.now() - told_ms < every_ms / 2) return;
    try {
      const answer = await fetch("/unit");
      if (answer.ok) tell(await answer.json());
    } catch {
      // the companion is gone; the next time it may be there
    }
  };

  document.addEventListener("unit", (event) => tell(event.detail));
  document.addEventListener("visibilitychange", ask);
  addEventListener("pageshow", ask);
  setInterval(ask, every_ms);
})();

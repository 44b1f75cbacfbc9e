// Every page: a tap on Stop is sent on two ways, by the page's own address and by Stop's door, again and again until
// one of them says that the unit has it. Law: the page stays, and what it says of a Stop is what it knows. Without
// this script the form does what forms do.
"use strict";

(() => {
  const bar = document.querySelector(".stopbar");
  const form = bar.querySelector("form");
  const ways = [form.action, form.dataset.door];
  const again_ms = 1000;
  const patience_ms = 3000;
  let tap = null; // the Stop that is on its way: its name, when it was tapped, and in which session
  let session = null;

  const say = (what) => {
    for (const line of bar.querySelectorAll("[data-stop]")) line.hidden = line.dataset.stop !== what;
  };

  const send = async (way, name) => {
    const end = new AbortController();
    const timer = setTimeout(() => end.abort(), patience_ms);
    try {
      const body = new URLSearchParams({ tap: name });
      return (await fetch(way, { method: "POST", body, signal: end.signal, cache: "no-store" })).ok;
    } catch (error) {
      return false;
    } finally {
      clearTimeout(timer);
    }
  };

  const arrived = (mine) => {
    if (tap !== mine) return;
    tap = null;
    say("arrived");
    if (form.dataset.after && location.pathname !== form.dataset.after) location.assign(form.dataset.after);
  };

  const attempt = (mine) => {
    if (tap !== mine) return;
    let left = ways.length;
    for (const way of ways) {
      send(way, mine.name).then((ok) => {
        if (ok) arrived(mine);
        left -= 1;
        if (!left && tap === mine) say("lost");
      });
    }
    setTimeout(() => { if (tap === mine) say("lost"); }, again_ms);
    setTimeout(() => attempt(mine), again_ms);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (tap) return; // it is being tried again anyway; a second one would cut at once
    const name = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16)).join("");
    tap = { name, at_ms: Date.now(), session };
    say("sending");
    attempt(tap);
  });

  // A unit that is heard to be at rest since, or in another session, needs this Stop no more.
  document.addEventListener("unit", ({ detail: { message, asked } }) => {
    if (message.old || message.figures.session === undefined) return;
    session = message.figures.session;
    if (!tap || asked.wall_ms <= tap.at_ms) return;
    const another = tap.session !== null && tap.session !== session;
    if (message.figures.state === "treating" && !another) return;
    tap = null;
    say("");
  });
})();

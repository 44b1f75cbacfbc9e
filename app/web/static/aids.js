// The page Now, as a help beside the unit: gentle tones, and a screen that stays on. Law: the unit's own light and
// beeps are what counts; a tone says nothing that the page doesn't, and none comes late. A button is pressed while
// what it names is so.
"use strict";

(() => {
  const box = document.getElementById("aids");
  const sound = box.querySelector("[data-aid='sound']");
  const awake = box.querySelector("[data-aid='awake']");
  const fresh_ms = 5000; // what was heard longer ago is not followed by a tone
  const last_s = 120;
  const Audio = window.AudioContext || window.webkitAudioContext;
  const tones = { // Hz, and after how many s
    contact: [[523, 0], [659, 0.25]],
    reversal: [[587, 0], [587, 0.35]],
    last_minutes: [[659, 0], [523, 0.3], [659, 0.6]],
    end: [[659, 0], [523, 0.35], [392, 0.7]],
  };
  let before = null;
  let before_ms = 0;
  let audio = null;
  let lock = null;

  const wanted = (aid) => { try { return localStorage.getItem(aid) === "on"; } catch (error) { return false; } };
  const want = (aid, on) => { try { localStorage.setItem(aid, on ? "on" : "off"); } catch (error) { /* for now, then */ } };
  const show = (button, on) => button.setAttribute("aria-pressed", on ? "true" : "false");

  const cue = (then, now) => {
    if (then.state !== "treating") return null;
    if (now.state === "finished") return "end";
    if (now.state !== "treating" || now.session !== then.session) return null;
    if (then.phase === "contact" && (now.phase === "ramp_up" || now.phase === "hold")) return "contact";
    if (then.polarity !== now.polarity) return "reversal";
    return then.left_s > last_s && now.left_s <= last_s ? "last_minutes" : null;
  };

  const play = (name) => {
    for (const [hertz, after_s] of tones[name]) {
      const at_s = audio.currentTime + after_s;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0, at_s);
      volume.gain.linearRampToValueAtTime(0.15, at_s + 0.05);
      volume.gain.linearRampToValueAtTime(0, at_s + 0.3);
      tone.connect(volume);
      volume.connect(audio.destination);
      tone.start(at_s);
      tone.stop(at_s + 0.35);
    }
    box.dataset.cue = name;
  };

  // A browser lets a page be heard once somebody has tapped it.
  const hear = async (on) => {
    if (on && !audio) {
      audio = new Audio();
      audio.onstatechange = () => show(sound, audio.state === "running");
    }
    if (audio) await (on ? audio.resume() : audio.suspend());
  };

  const light = async () => {
    const on = wanted("awake") && before !== null && before.state === "treating" && !document.hidden;
    if (on && !lock) {
      try {
        lock = await navigator.wakeLock.request("screen");
        lock.addEventListener("release", () => { lock = null; box.dataset.lit = "no"; });
        box.dataset.lit = "yes";
      } catch (error) {
        lock = null; // the phone saves its battery
      }
    } else if (!on && lock) {
      lock.release();
    }
  };

  document.addEventListener("unit", ({ detail: { message } }) => {
    if (message.old) return;
    const now = message.figures;
    const name = before && Date.now() - before_ms < fresh_ms ? cue(before, now) : null;
    before = now;
    before_ms = Date.now();
    if (name && audio && audio.state === "running") play(name);
    light();
  });

  if (Audio) {
    sound.addEventListener("click", () => {
      const on = sound.getAttribute("aria-pressed") !== "true";
      want("sound", on);
      hear(on);
    });
    document.addEventListener("click", () => { if (wanted("sound") && audio === null) hear(true); });
  }
  sound.hidden = !Audio;
  if ("wakeLock" in navigator) {
    show(awake, wanted("awake"));
    awake.addEventListener("click", () => {
      want("awake", !wanted("awake"));
      show(awake, wanted("awake"));
      light();
    });
    document.addEventListener("visibilitychange", light);
  }
  awake.hidden = !("wakeLock" in navigator);
  const secure = box.querySelector("[data-aid='insecure']");
  if (secure) secure.hidden = window.isSecureContext;
  box.hidden = false;
})();

// Tells how strong a password is while it is typed. What judges it comes with the first key stroke, and runs here:
// the password goes nowhere but into the form.
"use strict";
(() => {
  const box = document.querySelector("[data-strength]");
  const input = box && document.getElementById(box.dataset.strength);
  if (!input) return;
  const meter = box.querySelector("meter");
  const words = box.querySelector("p");
  const email = document.getElementById("email");
  // Longer ones are strong or repeat themselves; the time to judge them grows faster than they do.
  const most = 72;
  let judge;
  let waiting;

  const load = (path) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = path;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });

  const bring = () => {
    judge ??= Promise.all([load(box.dataset.core), load(box.dataset.common)]).then(() => {
      const { dictionary, adjacencyGraphs } = globalThis.zxcvbnts["language-common"];
      return new globalThis.zxcvbnts.core.ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
    });
    return judge;
  };

  // The same parts of the address that the server refuses as a password.
  const ofAddress = () => {
    const [local = "", domain = ""] = (email?.value ?? "").split("@");
    return [email?.value ?? "", local, domain, domain.split(".")[0]].filter((part) => part.length > 2);
  };

  const show = async () => {
    const password = input.value;
    const judging = await bring();
    // Somebody went on typing meanwhile.
    if (password !== input.value) return;
    box.hidden = password === "";
    if (box.hidden) return;
    const isShort = [...password].length < Number(box.dataset.minimum);
    const score = isShort ? -1 : judging.check(password.slice(0, most), ofAddress()).score;
    meter.value = score + 1;
    const text = isShort ? box.dataset.short : box.dataset[`level${score}`];
    if (words.textContent !== text) words.textContent = text;
  };

  const soon = () => {
    clearTimeout(waiting);
    // Without what judges there is no meter; the form works as ever.
    waiting = setTimeout(() => show().catch(() => { box.hidden = true; }), 250);
  };

  input.addEventListener("focus", () => bring().catch(() => {}), { once: true });
  input.addEventListener("input", soon);
  email?.addEventListener("input", soon);
})();

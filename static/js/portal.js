/* Extras only: every page works without this file. No inline handlers, no storage. */
(() => {
  const root = document.documentElement, body = document.body, html = (id) => document.getElementById(id);
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
  const write = (el, text) => { if (el && el.textContent !== text) el.textContent = text; };

  /* --- words as opsportal/templatetags/portal.py writes them --- */
  const pad = (n) => String(n).padStart(2, "0");
  const stopwatch = (seconds) => {
    const s = Math.abs(seconds), h = Math.floor(s / 3600), rest = `${pad(Math.floor(s % 3600 / 60))}:${pad(s % 60)}`;
    return (seconds < 0 ? "+" : "") + (h ? `${h}:${rest}` : rest);
  };
  const span = (s) => (s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min` : s < 172800 ? `${Math.floor(s / 3600)} h${s % 3600 < 60 ? "" : ` ${pad(Math.floor(s % 3600 / 60))} min`}` : `${Math.floor(s / 86400)} days`);
  const say = (text) => { const el = html("said"); write(el, ""); setTimeout(() => write(el, text), 50); };

  /* --- timers run on the server's clock --- */
  let offset = body.dataset.now ? body.dataset.now - Date.now() / 1000 : 0;
  const now = () => Math.floor(Date.now() / 1000 + offset);
  const warned = new Map();
  const duty = (el, left) => {
    const around = el.closest(".due,.timer-row"), words = around?.querySelector("[data-words]");
    around?.classList.toggle("due--late", left < 0);
    around?.classList.toggle("due--soon", left >= 0 && left < 300);
    if (words) write(words, left < 0 ? words.dataset.late : words.dataset.words);
    const stage = left < 0 ? 2 : left < 300 ? 1 : 0, key = el.dataset.due + (words?.dataset.words ?? "");
    if (warned.has(key) && stage > warned.get(key)) say(stage === 2 ? words?.dataset.late ?? "Time is up" : `5 min ${words?.dataset.words ?? "left"}`);
    warned.set(key, stage);
  };
  const plain = document.title;
  const lead = () => { /* 04:41 public update, INC-17 */
    const room = html("room-head"), left = room?.querySelector("[data-due]");
    if (room) document.title = (/^Error: /.exec(document.title) ?? "") + (left ? `${left.textContent} ${room.dataset.duty}, ${plain}` : plain);
  };
  const tick = () => {
    const t = now();
    each("[data-due]", (el) => { const left = el.dataset.due - t; write(el, stopwatch(left)); duty(el, left); });
    each("[data-since]", (el) => write(el, stopwatch(Math.max(0, t - el.dataset.since))));
    each("[data-ago]", (el) => write(el, `${span(Math.max(0, t - el.dataset.ago))} ago`));
    each("[data-lasting]", (el) => write(el, span(Math.max(0, t - el.dataset.lasting))));
    lead(); live();
    each("[data-copy]", (el) => { el.hidden = !navigator.clipboard; });
  };

  /* --- is what stands here still true? Two missed polls say no --- */
  const beat = html("live"), note = html("reconnect");
  let seen = Date.now(), missed = 0, missedAt = 0;
  const live = () => {
    if (!beat) return;
    const age = span(Math.floor((Date.now() - seen) / 1000)), lost = "lost" in body.dataset;
    beat.hidden = false;
    write(beat.querySelector("[data-live]"), lost ? "Not live" : "Live");
    write(beat.querySelector("[data-live-age]"), `, updated ${age} ago`);
    if (lost) write(note.querySelector("[data-lost]"), age);
  };
  const heard = () => {
    const was = missed > 1;
    seen = Date.now(); missed = 0;
    if (was) { note.hidden = true; delete body.dataset.lost; say("Connected again"); refresh(); }
    live();
  };
  const miss = () => {
    if (Date.now() - missedAt < 3000) return; /* polls fail together: one miss */
    missedAt = Date.now();
    if (++missed !== 2 || !note) return;
    note.hidden = false; body.dataset.lost = "";
    say("Connection lost. Figures on this page may be old.");
    live();
  };
  const refresh = () => body.dispatchEvent(new CustomEvent("portal:refresh"));
  const isPoll = (ctx) => ["every", "portal:refresh", "room-news"].includes(ctx?.sourceEvent?.type);
  let leaving = 0; /* a form was sent: Log out is on its way */
  addEventListener("submit", (e) => { if (!e.defaultPrevented) leaving = Date.now(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  document.addEventListener("htmx:config:request", (e) => {
    if (document.hidden && isPoll(e.detail.ctx)) e.preventDefault();
  });

  /* --- what came back --- */
  const WHY = {
    403: "Your role does not allow this, or this page is too old. Reload it and try again.",
    404: "This is not here any more.",
    413: "This is too much text.",
    429: "Too many tries. Wait a minute.",
  };
  const place = () => { /* behind an open dialog nobody reads */
    const dialog = html("dialog");
    if (!dialog?.open) return html("alert");
    if (!html("refusal")) dialog.prepend(html("refusal-box").content.cloneNode(true));
    return html("refusal");
  };
  const failed = (source, why) => {
    const box = place(), card = html("failure")?.content.cloneNode(true);
    if (!card) return;
    write(card.querySelector("h2"), source?.closest?.("[data-fail]")?.dataset.fail ?? "That was not saved");
    write(card.querySelector("p"), why);
    box.replaceChildren(card);
    box.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("htmx:after:request", (e) => {
    const { ctx } = e.detail, reply = ctx.response, date = Date.parse(reply.headers.get("Date"));
    if (reply.raw.redirected) { /* signed out, or led elsewhere */
      e.preventDefault();
      if (!isPoll(ctx)) location.assign(reply.raw.url);
      else if (Date.now() - leaving > 30000) location.reload();
      return;
    }
    if (date) offset = Math.abs(date / 1000 - now()) > 2 ? (date - Date.now()) / 1000 : offset;
    if (isPoll(ctx)) { if (reply.status < 400) heard(); else { e.preventDefault(); miss(); } return; }
    if (reply.status < 400) { if (ctx.request.method !== "GET") html("alert")?.replaceChildren(); return; }
    if (ctx.hx.retarget) ctx.hx.retarget = `#${place().id}`;
    if (ctx.hx.retarget || [409, 422].includes(reply.status)) return; /* the answer says it itself */
    e.preventDefault();
    failed(ctx.sourceElement, WHY[reply.status] ?? "The server could not do this. What you typed is still here.");
  });
  document.addEventListener("htmx:error", (e) => {
    const { ctx } = e.detail;
    if (!ctx?.request) return;
    if (isPoll(ctx)) miss(); else failed(ctx.sourceElement, "The server did not answer. What you typed is still here.");
  });
  const arrived = (place) => {
    const wanted = place.querySelector("[data-focus]");
    wanted?.focus(); wanted?.removeAttribute("data-focus"); /* once: a later swap must not steal it */
    each("[data-toast]:not([data-timed])", toast);
    return wanted;
  };
  document.addEventListener("htmx:after:swap", (e) => {
    if (isPoll(e.detail.ctx)) { tick(); return; }
    document.title = (e.detail.ctx.response?.status >= 400 ? "Error: " : "") + document.title.replace(/^Error: /, "");
    const dialog = html("dialog");
    if (dialog?.childElementCount && !dialog.open) dialog.showModal();
    const box = html(e.detail.ctx.target?.id)?.querySelector("[data-compose]");
    if (!arrived(document)) box?.focus(); /* posted: back into the empty box */
    tick();
  });

  /* --- toasts stay 8 s, longer while someone is on them --- */
  const toast = (el) => {
    el.dataset.timed = "";
    const go = () => (el.matches(":hover,:focus-within") ? setTimeout(go, 1000) : el.remove());
    setTimeout(go, 8000);
  };

  /* --- dialogs, copying, theme --- */
  html("dialog")?.addEventListener("close", (e) => e.target.replaceChildren());
  document.addEventListener("click", (e) => {
    const hit = (selector) => e.target.closest(selector);
    const open = hit("[data-open]"), close = hit("[data-close]"), copy = hit("[data-copy]"), box = close?.closest("dialog");
    if (open) { const dialog = html(open.dataset.open); if (dialog) { e.preventDefault(); dialog.showModal(); } }
    if (box) { e.preventDefault(); box.close(); }
    if (e.target.nodeName === "DIALOG") e.target.close();
    if (hit("[data-refresh]")) refresh();
    if (copy) navigator.clipboard?.writeText(copy.previousElementSibling.textContent).then(() => { copy.classList.add("copied"); say("Copied"); });
  });
  document.addEventListener("submit", (e) => {
    if (!e.target.matches("[data-theme-form]")) return;
    e.preventDefault();
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const data = new FormData(e.target), theme = dark ? "light" : "dark";
    data.set("theme", theme); root.dataset.theme = theme;
    fetch(e.target.action, { method: "POST", body: data, redirect: "manual" });
  });

  /* --- the palette: a combobox over the hits that the server sends --- */
  const box = html("palette-q");
  const choose = (hit) => {
    each("#palette-list a", (el) => el.setAttribute("aria-selected", el === hit));
    box.setAttribute("aria-activedescendant", hit?.id ?? "");
    hit?.scrollIntoView({ block: "nearest" });
  };
  box?.addEventListener("input", () => choose());
  box?.addEventListener("keydown", (e) => {
    const hits = [...document.querySelectorAll("#palette-list a")], at = hits.findIndex((el) => el.ariaSelected === "true");
    if (e.key === "ArrowDown") choose(hits[at + 1] ?? hits[0]);
    else if (e.key === "ArrowUp") choose(hits[at - 1] ?? hits.at(-1));
    else if (e.key === "Enter" && hits[at]) hits[at].click();
    else return;
    e.preventDefault();
  });

  /* --- keys: never inside fields, and off for whoever switched them off --- */
  let g = 0;
  const go = (selector) => { const el = document.querySelector(selector); if (el) { el.focus(); el.click(); } return el; };
  const step = (by) => {
    const rows = [...document.querySelectorAll("[data-row] a, .inc__title a, .data tbody td a:first-of-type")].filter((el) => el.checkVisibility());
    const at = rows.findIndex((el) => el === document.activeElement);
    rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by]?.focus();
  };
  document.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key === "Enter") { e.target.form?.requestSubmit(); return; }
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || body.dataset.keys === "off") return;
    if (e.target.closest("input,textarea,select,[contenteditable],dialog")) return;
    const second = Date.now() - g < 900; g = 0;
    const did = second ? go(`.nav [data-go="${CSS.escape(e.key)}"]`) : {
      "/": () => { html("palette")?.showModal(); return true; },
      "?": () => { html("keys")?.showModal(); return true; },
      g: () => { g = Date.now(); },
      d: () => go('[data-key="d"]'),
      c: () => { const box = document.querySelector("[data-compose]"); if (box?.id && !box.checkVisibility()) location.hash = box.closest("[id].composer")?.id ?? box.id; box?.focus(); return box; },
      j: () => step(1), k: () => step(-1),
    }[e.key]?.();
    if (did) e.preventDefault();
  });

  addEventListener("hashchange", () => document.querySelector(":target [data-compose]")?.focus()); /* a phone's sheet: one tap less */

  /* --- start --- */
  arrived(document); tick(); setInterval(tick, 1000);
  const greeting = html("toasts")?.textContent.trim();
  if (greeting) say(greeting);
})();

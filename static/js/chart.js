/* Zoom on the page of a check: drag over the chart to see that time closer. Progressive: links and a form do the same.
   uPlot draws the numbers of #check-chart in place of its SVG; the zoomed time goes into the address, so table and CSV follow. */
(() => {
  const html = (id) => document.getElementById(id), plot = html("check-plot"), card = html("check-history");
  if (!plot || !window.uPlot) return;
  /* colours are those of the stylesheet, asked for each time, since the theme may change */
  const SVG = "http://www.w3.org/2000/svg", inks = document.createElementNS(SVG, "svg"), ink = {};
  inks.setAttribute("class", "chart"); inks.setAttribute("hidden", ""); inks.setAttribute("aria-hidden", "true");
  ["fill-ok", "fill-warn", "fill-fail", "fill-maint", "fill-mute", "ln", "ln2", "ln3", "gridline", "ann", "lbl"].forEach((name) => {
    ink[name] = document.createElementNS(SVG, name === "lbl" ? "text" : "path");
    ink[name].setAttribute("class", name);
  });
  inks.append(...Object.values(ink)); card.append(inks);
  const fill = (name) => getComputedStyle(ink[name]).fill, stroke = (name) => getComputedStyle(ink[name]).stroke;
  const pad = (n) => String(n).padStart(2, "0");
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const day = (t) => { const d = new Date(t * 1000); return `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]}`; };
  const clock = (t) => { const d = new Date(t * 1000); return `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}`; };
  const begun = (t) => `${day(t)} ${clock(t)}`;
  const time = (t) => (t % 86400 ? clock(t) : day(t));
  const ms = (v) => (v == null ? "–" : v >= 1000 ? `${(v / 1000).toFixed(2)} s` : v >= 10 ? `${v.toFixed(0)} ms` : `${v.toFixed(1)} ms`);
  const STRIP = { g: ["fill-ok", 0, 18], s: ["fill-warn", -4, 22], b: ["fill-fail", -8, 26], p: ["fill-maint", 6, 12], u: ["fill-mute", 13, 5] };

  let text = "", series = null, chart = null;

  const rows = () => {
    const middle = series.lines[0].map((_, place) => series.start + (place + 0.5) * series.step);
    return [middle, ...series.lines];
  };
  const ends = () => [series.start, series.start + series.lines[0].length * series.step];

  /* the strip of runs below the axis, and letters for what happened around the check */
  const around = (u) => {
    const { ctx, bbox } = u, dot = uPlot.pxRatio, x = (t) => u.valToPos(t, "x", true), foot = bbox.top + bbox.height + 32 * dot;
    const wide = Math.max(bbox.width / series.strip.length * 0.8, dot);
    ctx.save(); ctx.setLineDash([]);
    [...series.strip].forEach((letter, place) => {
      if (!STRIP[letter]) return;
      const [name, down, high] = STRIP[letter];
      ctx.fillStyle = fill(name);
      ctx.fillRect(x(series.start + place * series.step), foot + down * dot, wide, high * dot);
    });
    ctx.strokeStyle = stroke("ann"); ctx.fillStyle = fill("lbl");
    ctx.font = `640 ${11 * dot}px ${getComputedStyle(document.body).fontFamily}`;
    const taken = [-Infinity, -Infinity, -Infinity, -Infinity]; /* letters stand beside each other in four rows */
    series.marks.forEach(([letter, at, until]) => {
      const from = Math.max(x(at), bbox.left), to = Math.min(until ? x(until) : from, bbox.left + bbox.width), top = bbox.top - 18 * dot;
      ctx.lineWidth = dot;
      ctx.beginPath(); ctx.moveTo(from, top); ctx.lineTo(from, foot + 18 * dot); ctx.stroke();
      if (until) ctx.fillRect(from, top - 2 * dot, Math.max(to - from, dot), 4 * dot);
      const isLeft = from > bbox.left + bbox.width - 12 * dot;
      ctx.textAlign = isLeft ? "right" : "left";
      const place = from + (isLeft ? -4 : 4) * dot, row = taken.findIndex((end) => place - end >= 12 * dot);
      if (row < 0) return;
      taken[row] = place;
      ctx.fillText(letter, place, top + (12 + row * 12) * dot);
    });
    ctx.textAlign = "left";
    let above = -Infinity; /* a line below the one before, and none below the axis */
    [["p99", 2], ["p95", 1], ["p50", 0]].forEach(([name, place]) => {
      const last = series.lines[place].findLast((v) => v != null);
      if (last == null) return;
      above = Math.min(Math.max(u.valToPos(last, "y", true) + 4 * dot, above + 12 * dot), bbox.top + bbox.height - (2 + 12 * place) * dot);
      ctx.fillText(name, bbox.left + bbox.width + 5 * dot, above);
    });
    ctx.restore();
  };

  const zoom = (u) => {
    if (u.select.width < 8) return;
    const [first, last] = ends();
    const at = (px) => Math.min(Math.max(u.posToVal(px, "x"), first), last);
    const written = (t) => new Date(t * 1000).toISOString().slice(0, 16);
    let since = Math.floor(at(u.select.left) / 60) * 60, until = Math.ceil(at(u.select.left + u.select.width) / 60) * 60;
    if (until - since < 600) { since = Math.round((since + until) / 120) * 60 - 300; until = since + 600; }
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    location.assign(`${location.pathname}?since=${written(since)}&until=${written(until)}#check-span`);
  };

  /* a line needs two steps: what stands alone is a dot */
  const lonely = (ms) => [...ms.keys()].filter((at) => ms[at] != null && ms[at - 1] == null && ms[at + 1] == null);

  const axis = (more) => ({ stroke: () => fill("lbl"), font: `500 11px ${getComputedStyle(document.body).fontFamily}`, ticks: { show: false }, ...more });
  const line = (label, name, width, dash) => ({ label, stroke: () => stroke(name), width, dash, value: (u, v, place, at) => ms(at == null ? u.data[place].at(-1) : v), points: { show: true, size: 6, fill: () => stroke(name), filter: (u, place) => lonely(u.data[place]) } });
  /* below the chart stand the figures of the step that is pointed at, else of the newest */
  const options = () => ({
    width: plot.clientWidth, height: 290, padding: [24, 34, 0, 0],
    scales: { x: { time: true, range: () => ends() }, y: { range: (_, low, high) => [0, (high || 10) * 1.1] } },
    axes: [
      axis({ size: 60, grid: { show: false }, space: 76, values: (_, splits) => splits.map(time) }),
      axis({ size: 52, grid: { stroke: () => stroke("gridline"), width: 1 }, values: (_, splits) => splits.map((v) => (v ? ms(v) : "0")) }),
    ],
    series: [
      { label: "From", value: (u, t, _, at) => begun((at == null ? u.data[0].at(-1) : t) - series.step / 2) },
      line("p50", "ln2", 1.5, [5, 4]), line("p95", "ln", 2.25), line("p99", "ln3", 1.25, [2, 3]),
    ],
    cursor: { drag: { x: true, y: false, setScale: false }, y: false, bind: { dblclick: () => null } },
    tzDate: (t) => uPlot.tzDate(new Date(t * 1000), "Etc/UTC"),
    hooks: { draw: [around], setSelect: [zoom] },
  });

  const draw = () => {
    const fresh = html("check-chart")?.dataset.series ?? "";
    if (fresh === text) return;
    text = fresh;
    plot.hidden = !fresh;
    card.toggleAttribute("data-plotted", !!fresh);
    if (!fresh) return;
    series = JSON.parse(fresh);
    plot.setAttribute("aria-label", `${series.words}. Every step is in the table below.`);
    if (chart) chart.setData(rows()); else chart = new uPlot(options(), rows(), plot);
  };

  draw();
  document.addEventListener("htmx:after:swap", draw);
  new ResizeObserver(() => { if (chart && plot.clientWidth) chart.setSize({ width: plot.clientWidth, height: 290 }); }).observe(plot);
  const repaint = () => chart?.redraw(false, true);
  new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
})();

/* Zoom on trends: drag over a chart to see those weeks closer. Progressive: links and a form do the same.
   The weeks go into the address, so tables, CSV and JSON follow. Within one week a check's own page takes over. */
(() => {
  const group = document.querySelector("[data-zoom-weeks]");
  if (!group) return;
  const weeks = group.dataset.zoomWeeks.trim().split(" "), { zoomCheck, zoomStart } = group.dataset;
  const SVG = "http://www.w3.org/2000/svg";
  let drag = null;

  const at = (chart, event) => {
    const box = chart.getBoundingClientRect(), { left, right } = chart.dataset;
    const x = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
    return Math.min(Math.max(x, +left), +right);
  };
  const week = (chart, x) => {
    const { left, right } = chart.dataset;
    return Math.round(((x - left) / (right - left)) * (weeks.length - 1));
  };
  const show = (to) => {
    drag.pick.setAttribute("x", Math.min(drag.from, to));
    drag.pick.setAttribute("width", Math.abs(to - drag.from));
  };
  const end = () => { drag?.pick.remove(); drag = null; };

  const go = (first, last) => {
    if (zoomCheck && first === last) {
      const day = (number) => new Date((+zoomStart + number * 604800) * 1000).toISOString().slice(0, 16);
      location.assign(`${zoomCheck}?since=${day(first)}&until=${day(first + 1)}#check-span`);
    } else location.assign(`${location.pathname}?since=${weeks[first]}&until=${weeks[last]}#weeks`);
  };

  group.querySelectorAll("svg.chart").forEach((chart) => {
    chart.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button) return;
      event.preventDefault();
      const pick = document.createElementNS(SVG, "rect"), from = at(chart, event);
      pick.setAttribute("class", "pick"); pick.setAttribute("y", "12"); pick.setAttribute("height", chart.dataset.foot - 12);
      chart.append(pick); chart.setPointerCapture(event.pointerId);
      drag = { pick, from };
      show(from);
    });
    chart.addEventListener("pointermove", (event) => { if (drag) show(at(chart, event)); });
    chart.addEventListener("pointerup", (event) => {
      if (!drag) return;
      const to = at(chart, event), ends = [week(chart, Math.min(drag.from, to)), week(chart, Math.max(drag.from, to))];
      const isDragged = Math.abs(to - drag.from) > 8;
      end();
      if (isDragged) go(...ends);
    });
    chart.addEventListener("pointercancel", end);
  });
})();

"use strict";
(() => {
  const root = document.documentElement;
  const plots = Array.from(document.querySelectorAll(".plot"));
  const config = { responsive: true, displayModeBar: false, showTips: false };
  const PAPER = 660; // pixels between the margins of a printed page

  window.addEventListener("error", (event) => { root.dataset.error = event.message; });
  root.dataset.drawn = "0";

  const draw = (plot) => {
    const figure = JSON.parse(document.getElementById(plot.id.replace("plot-", "data-")).textContent);
    // Some numbers fit a wide figure only; they stand in the table behind it too.
    const shown = figure.data.filter((trace) => plot.clientWidth >= 520 || trace.meta !== "wide");
    return Plotly.newPlot(plot, shown, figure.layout, config).then(() => {
      root.dataset.drawn = String(Number(root.dataset.drawn) + 1);
    });
  };
  // One at a time, so that the page answers to the reader in between.
  plots.reduce((before, plot) => before.then(() => new Promise((go) => setTimeout(go))).then(() => draw(plot)),
    Promise.resolve()).catch((error) => { root.dataset.error = String(error); });

  // On paper everything is open and charts have the width of the page.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("details:not([open]):not(.long)"));
    opened.forEach((box) => { box.open = true; });
    plots.forEach((plot) => { if (plot.layout) Plotly.relayout(plot, { width: PAPER }); });
  });
  window.addEventListener("afterprint", () => {
    opened.forEach((box) => { box.open = false; });
    plots.forEach((plot) => { if (plot.layout) Plotly.relayout(plot, { width: null, autosize: true }); });
  });
})();

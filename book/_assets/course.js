// A formula wider than the window scrolls; this lets the tab key reach it, so that it
// can be scrolled without a mouse. The theme does the same for code and tables.

function markScrollingFormulas() {
  for (const box of document.querySelectorAll("div.math mjx-container")) {
    box.tabIndex = box.scrollWidth > box.clientWidth ? 0 : -1;
  }
}

window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  markScrollingFormulas();
  window.addEventListener("resize", markScrollingFormulas);
  // Formulas in a closed box have no width until it opens; toggle does not bubble.
  document.addEventListener("toggle", markScrollingFormulas, true);
});

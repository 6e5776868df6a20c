// Tables first, then what needs the library.
function redraw() {
  return CAN_UNPACK ? Promise.all([drawSummary(), drawCell()]) : null;
}

function markSection() {
  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  document.querySelectorAll("main section[id]").forEach((section) => watcher.observe(section));
}

function startPrinting() {
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((each) => { each.open = true; });
    printing = true;
    redraw();
  });
  addEventListener("afterprint", () => {
    closed.forEach((each) => { each.open = false; });
    printing = false;
    redraw();
  });
}

// For whoever wants to know how long it took.
function ready(what) {
  document.documentElement.dataset.ready = what;
  performance.mark(what);
}

startTheme(redraw);
startTables();
startControls();
markSection();
startPrinting();
addEventListener("hashchange", route);
addEventListener("scroll", () => { if (!mainPage.hidden) mainScroll = scrollY; }, { passive: true });
ready("tables");
addEventListener("DOMContentLoaded", async () => {
  route();
  if (!CAN_UNPACK) {
    document.querySelectorAll(".waiting").forEach((note) => { note.textContent = "This browser is too old to draw the charts; the tables hold the figures."; });
    return;
  }
  await drawSummary();
  ready("charts");
});

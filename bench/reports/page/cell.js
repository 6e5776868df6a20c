// The page of one cell, at #cell=ID.
const cellPage = document.getElementById("cell");
const mainPage = document.getElementById("main");
let openCell = null;

function entry(name, value) {
  const row = document.createElement("tr");
  const head = document.createElement("th"), body = document.createElement("td");
  head.scope = "row";
  head.textContent = name;
  body.textContent = typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
  row.append(head, body);
  return row;
}

function curveTrace(curve, scale, mode) {
  return {
    x: curve.steps, y: curve.values.map((value) => (value === null ? null : value * scale)), mode, hoverinfo: "x+y",
    line: { color: variable("--c0"), width: 1.5 }, marker: { color: variable("--c0"), size: mode === "lines" ? 0 : 7 },
  };
}

async function drawCurve(name, curve, scale, mode, title) {
  const figure = document.getElementById(`chart-${name}`).closest("figure");
  figure.hidden = !curve;
  if (curve) await plot(name, [curveTrace(curve, scale, mode)], layout({}, { title }, { title: "", rangemode: name === "times" ? "tozero" : "normal" }));
}

async function drawCell() {
  if (!openCell || !CAN_UNPACK) return;
  const { found, numbers } = openCell;
  const of = (name) => (found.curves[name] ? curveOf(found.curves[name], numbers) : null);
  const candidates = found.curves.candidate_accuracies?.steps > 1 ? of("candidate_accuracies") : null;
  if (candidates && found.steps) candidates.steps = found.steps;
  await drawCurve("losses", of("losses"), 1, "lines", "step");
  await drawCurve("candidates", candidates, 100, "lines+markers", found.steps ? "step" : "candidate, in the order of training");
  await drawCurve("times", of("step_s"), 1000, "lines", "step");
}

// The figures that a reader looks for first: as the record has them, with the scale that the tables use.
const FACTS = [
  ["accuracy", "test accuracy", 100, " %"], ["val_accuracy", "validation", 100, " %"], ["n_labels", "labels", 1, ""],
  ["total_s", "in all", 1, " s"], ["throughput_images_per_s", "images per second", 1, ""], ["peak_rss_mib", "peak memory", 1, " MiB"],
];

function fact([name, told, scale, unit], record) {
  const item = document.createElement("li"), figure = document.createElement("b");
  const digits = ["n_labels", "throughput_images_per_s", "peak_rss_mib"].includes(name) ? 0 : 1;
  const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  figure.textContent = (record[name] * scale).toLocaleString("en", form) + unit;
  item.append(figure, ` ${told}`);
  return item;
}

function curveNote(curves) {
  const longest = Math.max(0, ...Object.values(curves).map((curve) => curve.steps));
  if (!longest) return "No curves were kept of this cell: it has no gradient steps, or its side file is gone.";
  return longest > 100 ? `Of ${longest.toLocaleString("en")} steps the lowest and the highest of each fiftieth are shown, as they were measured.` : "";
}

async function showCell(id) {
  mainPage.hidden = true;
  cellPage.hidden = false;
  document.getElementById("cell-title").textContent = "Cell";
  document.getElementById("cell-id").textContent = id;
  const loaded = CAN_UNPACK ? await loadCells() : null;
  const found = loaded && Object.hasOwn(loaded.cells, id) ? loaded.cells[id] : null;
  if (location.hash !== `#cell=${encodeURIComponent(id)}`) return; // the reader went on meanwhile
  openCell = found ? { found, numbers: loaded.numbers } : null;
  fillCell(id, found);
  cellPage.focus();
  scrollTo(0, 0);
  await drawCell();
}

function fillCell(id, found) {
  const record = found ? found.record : {};
  const reason = document.getElementById("cell-reason");
  reason.hidden = !found || record.status === "ok";
  reason.textContent = `${record.status}: ${record.reason ?? "no reason was kept"}`;
  document.getElementById("cell-title").textContent = found
    ? `${record.method} on ${record.backbone}` : CAN_UNPACK ? "This page holds no such cell" : "This browser can't unpack the cells";
  document.getElementById("cell-id").textContent = found
    ? `${record.weights} weights · ${record.budget ?? "no budget"} · seed ${found.seeds} · cell ${id}` : id;
  document.getElementById("cell-facts").replaceChildren(...FACTS.filter(([name]) => typeof record[name] === "number").map((each) => fact(each, record)));
  document.getElementById("cell-facts").hidden = !found;
  document.getElementById("cell-charts").hidden = !found;
  document.getElementById("cell-curves").textContent = found ? curveNote(found.curves) : "";
  const kept = Object.entries(record).filter(([, value]) => value !== null);
  document.getElementById("cell-record").replaceChildren(...kept.map(([name, value]) => entry(name, value)));
  document.title = found ? `${record.method} ${record.budget} seed ${record.seed} · transferbench` : document.title;
}

const pageTitle = document.title;
let mainScroll = 0;

function showMain() {
  if (!mainPage.hidden) return;
  cellPage.hidden = true;
  mainPage.hidden = false;
  openCell = null;
  document.title = pageTitle;
  const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (target && target !== mainPage) target.scrollIntoView();
  else scrollTo(0, mainScroll);
  if (!summaryDrawn && CAN_UNPACK) drawSummary();
}

function route() {
  if (location.hash.startsWith("#cell=")) {
    return showCell(decodeURIComponent(location.hash.slice(6)));
  }
  return showMain();
}

// Choices above the charts.
function chip(value, checked, mark) {
  const label = document.createElement("label");
  label.className = "chip";
  const input = document.createElement("input");
  input.type = "checkbox";
  input.value = value;
  input.defaultChecked = checked;
  label.append(input, mark, value);
  return label;
}

function svg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const SHAPES = {
  circle: "M7 2a5 5 0 1 0 .01 0z", square: "M2.5 2.5h9v9h-9z", diamond: "M7 1l6 6-6 6-6-6z", "triangle-up": "M7 2l5.5 10h-11z",
  "triangle-down": "M7 12L1.500 2h11z", cross: "M5 1h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
  x: "M3.500 1L7 4.500 10.500 1 13 3.500 9.500 7 13 10.500 10.500 13 7 9.500 3.500 13 1 10.500 4.500 7 1 3.500z",
  star: "M7 .5l2 4.300 4.600.6-3.400 3.200.9 4.700L7 11l-4.100 2.300.9-4.700L.4 5.400 5 4.800z",
};

function swatch(position) {
  const picture = svg("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" });
  picture.append(svg("path", { d: SHAPES[styleOf(position).symbol], style: `fill: var(--c${position % COLOURS})` }));
  return picture;
}

function stroke(position) {
  const picture = svg("svg", { width: 30, height: 10, viewBox: "0 0 30 10", "aria-hidden": "true" });
  picture.append(svg("path", { d: "M1 5h28", stroke: "currentColor", "stroke-width": 2, "stroke-dasharray": STROKES[position % STROKES.length] }));
  return picture;
}

function fill(select, values, chosen) {
  select.replaceChildren(...values.map(([value, text]) => new Option(text, value, value === chosen, value === chosen)));
}

function startAccuracyControls() {
  const settings = document.getElementById("choose-settings"), blocks = document.getElementById("choose-blocks");
  if (!settings) return;
  settings.append(...data.settings.map((name, position) => chip(name, true, swatch(position))));
  blocks.append(...data.blocks.map((name, position) => chip(name, data.shown.includes(name), stroke(position))));
  settings.closest("form").addEventListener("input", drawAccuracy);
}

function startSlopeControls() {
  const choice = document.getElementById("choose-slopes");
  if (!choice) return;
  const counts = [...new Set(data.slopes.map((slope) => slope.labels))].sort((one, other) => one - other);
  fill(choice, [["all", "all"], ...counts.map((count) => [String(count), count.toLocaleString("en")])], "all");
  choice.closest("form").addEventListener("input", drawSlopes);
}

function startParetoControls() {
  const across = document.getElementById("choose-across"), up = document.getElementById("choose-up");
  if (!across) return;
  const names = Object.keys(data.axes).map((name) => [name, name]);
  fill(across, names, "training time");
  fill(up, names, "accuracy");
  const datasets = [...new Set(data.fronts.map((front) => front.dataset))];
  const dataset = document.getElementById("choose-dataset");
  fill(dataset, datasets.map((name) => [name, name]), datasets[0]);
  document.getElementById("choose-dataset-label").hidden = datasets.length < 2;
  across.closest("form").addEventListener("input", drawPareto);
}

function startControls() {
  document.querySelectorAll("form.controls").forEach((form) => form.addEventListener("submit", (event) => event.preventDefault()));
  startAccuracyControls();
  startSlopeControls();
  startParetoControls();
}

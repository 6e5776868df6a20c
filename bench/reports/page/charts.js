// The charts of the summary. All figures come from the page's data; nothing is computed here but places.
const data = JSON.parse(document.getElementById("data").textContent);

function checked(id) {
  return new Set([...document.querySelectorAll(`#${id} input:checked`)].map((input) => input.value));
}

function drawAccuracy() {
  if (!document.getElementById("chart-accuracy")) return;
  const settings = checked("choose-settings"), blocks = checked("choose-blocks");
  const bands = document.getElementById("choose-bands").checked;
  const lines = data.lines.filter((line) => settings.has(line.setting) && blocks.has(line.block));
  const { at, axis } = labelAxis(data.lines.flatMap((line) => line.labels));
  const traces = [];
  for (const line of lines) {
    const style = styleOf(data.settings.indexOf(line.setting));
    const x = line.labels.map(at);
    if (bands) {
      traces.push({
        x: [...x, ...x.toReversed()], y: [...line.high, ...line.low.toReversed()], fill: "toself", mode: "lines",
        line: { width: 0 }, fillcolor: style.color, opacity: 0.14, hoverinfo: "skip",
      });
    }
  }
  for (const line of lines) {
    const style = styleOf(data.settings.indexOf(line.setting));
    const where = data.blocks.length > 1 ? `${plain(line.block)}<br>` : "";
    traces.push({
      x: line.labels.map(at), y: line.mean, mode: "lines+markers", name: plain(line.setting), hoverinfo: "text",
      hovertext: line.told.map((told, k) => `<b>${plain(line.setting)}</b><br>${where}${line.labels[k].toLocaleString("en")} labels: ${plain(told)} %`),
      line: { color: style.color, width: 2, dash: DASHES[data.blocks.indexOf(line.block) % DASHES.length] },
      marker: { symbol: style.symbol, size: 8, color: style.color },
    });
  }
  return plot("accuracy", traces, layout({}, { title: "labels, training and validation", ...axis }, { title: "test accuracy, %" }));
}

function drawSlopes() {
  const choice = document.getElementById("choose-slopes");
  if (!choice) return;
  const shown = data.slopes.filter((slope) => choice.value === "all" || slope.labels === Number(choice.value));
  const looks = {
    better: [variable("--c0"), "solid", "circle"], worse: [variable("--c1"), "dash", "square"],
    tie: [variable("--c7"), "dot", "diamond"], "not tested": [variable("--c7"), "dot", "x"],
  };
  const traces = shown.map((slope) => {
    const [color, dash, symbol] = looks[slope.word];
    const text = `<b>${plain(slope.start)}</b>, ${slope.labels.toLocaleString("en")} labels<br>${plain(slope.told)}`;
    return {
      x: [0, 1], y: [slope.frozen, slope.tuned], mode: "lines+markers", hoverinfo: "text", hovertext: [text, text],
      line: { color, dash, width: 2 }, marker: { color, symbol, size: 9 },
    };
  });
  const spoken = [...new Set(shown.map((slope) => slope.word))].map((word, place) => ({
    x: 0.5, xref: "paper", y: 1, yref: "paper", yanchor: "bottom", yshift: 4 + 17 * place, showarrow: false,
    text: { better: "solid: fine-tuning is better", worse: "dashed: fine-tuning is worse", tie: "dotted: a tie", "not tested": "dotted, crosses: not tested" }[word],
    font: { color: looks[word][0], size: 13 },
  }));
  const ends = shown.length <= 8 ? endLabels(shown) : [];
  return plot("slopes", traces, layout(
    { annotations: [...spoken, ...ends], margin: { l: 8, r: 14, t: 20 + 17 * spoken.length, b: 8 } },
    { title: "", tickvals: [0, 1], ticktext: ["linear probe", "fine-tuned"], range: [-0.15, 1.6], showgrid: false },
    { title: "test accuracy, %" },
  ));
}

// Places for labels near their values, far enough apart to be read.
function spread(values, all) {
  const gap = (Math.max(...all) - Math.min(...all)) / 16;
  const order = [...values.keys()].sort((one, other) => values[one] - values[other]);
  const places = [...values];
  for (let k = 1; k < order.length; k += 1) {
    places[order[k]] = Math.max(places[order[k]], places[order[k - 1]] + gap);
  }
  return places;
}

function endLabels(slopes) {
  const starts = new Set(slopes.map((slope) => slope.start)).size;
  const places = spread(slopes.map((slope) => slope.tuned), slopes.flatMap((slope) => [slope.tuned, slope.frozen]));
  return slopes.map((slope, k) => ({
    x: 1.04, y: places[k], xanchor: "left", showarrow: false, font: { size: 12, color: variable("--muted") },
    text: starts > 1 ? `${plain(slope.start)}, ${slope.labels.toLocaleString("en")}` : `${slope.labels.toLocaleString("en")} labels`,
  }));
}

function axisTitle(name) {
  return name === "accuracy" ? "test accuracy, %" : `${name}, ${data.axes[name]}`;
}

function along(dot, name) {
  const value = dot.figures[name];
  return value === null || name !== "accuracy" ? value : value * 100;
}

function drawPareto() {
  if (!document.getElementById("chart-pareto")) return;
  const across = document.getElementById("choose-across").value, up = document.getElementById("choose-up").value;
  const dataset = document.getElementById("choose-dataset").value;
  const front = across === up ? null : data.fronts.find((each) => each.dataset === dataset
    && each.axes.length === 2 && each.axes.includes(across) && each.axes.includes(up));
  const members = new Set(front ? front.dots : []);
  const traces = [];
  for (const [position, setting] of data.settings.entries()) {
    const dots = [...data.dots.entries()].filter(([, dot]) => dot.dataset === dataset && dot.setting === setting
      && dot.figures[across] !== null && dot.figures[up] !== null);
    if (!dots.length) continue;
    const style = styleOf(position);
    traces.push({
      x: dots.map(([, dot]) => along(dot, across)), y: dots.map(([, dot]) => along(dot, up)), mode: "markers",
      hoverinfo: "text", hovertext: dots.map(([, dot]) => dotText(dot)),
      marker: {
        symbol: style.symbol, color: style.color, size: dots.map(([place]) => (members.has(place) ? 12 : 8)),
        opacity: dots.map(([place]) => (members.has(place) ? 1 : 0.4)),
        line: { color: variable("--ink"), width: dots.map(([place]) => (members.has(place) ? 1.5 : 0)) },
      },
    });
  }
  if (front) traces.unshift(frontLine(front, across, up));
  document.getElementById("pareto-told").textContent = told(front);
  showKey(dataset);
  const scale = (name) => (name === "accuracy" ? {} : logarithmic(dataset, name));
  return plot("pareto", traces, layout({}, { title: axisTitle(across), ...scale(across) }, { title: axisTitle(up), ...scale(up) }));
}

function showKey(dataset) {
  const settings = new Set(data.dots.filter((dot) => dot.dataset === dataset).map((dot) => dot.setting));
  document.getElementById("pareto-key").replaceChildren(...data.settings.filter((each) => settings.has(each)).map((setting) => {
    const item = document.createElement("span");
    item.append(swatch(data.settings.indexOf(setting)), setting);
    return item;
  }));
}

function frontLine(front, across, up) {
  const dots = front.dots.map((place) => data.dots[place]).sort((one, other) => one.figures[across] - other.figures[across]);
  return {
    x: dots.map((dot) => along(dot, across)), y: dots.map((dot) => along(dot, up)), mode: "lines", hoverinfo: "skip",
    line: { color: variable("--muted"), width: 1.5, dash: "dot" },
  };
}

function told(front) {
  if (!front) return "Choose two different axes that were measured.";
  const left = front.left_out ? `; ${front.left_out.toLocaleString("en")} lack a figure and are left out` : "";
  return `${front.dots.length.toLocaleString("en")} rows are on the front, ringed and joined${left}.`;
}

function logarithmic(dataset, name) {
  const values = data.dots.filter((dot) => dot.dataset === dataset).map((dot) => dot.figures[name]).filter((value) => value !== null);
  return values.length && Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 8 ? { type: "log", dtick: 1 } : {};
}

function dotText(dot) {
  const costs = Object.keys(data.axes).filter((name) => !["accuracy", "labels"].includes(name))
    .map((name) => `${name}: ${number(dot.figures[name])}${dot.figures[name] === null ? "" : ` ${data.axes[name]}`}`);
  return [`<b>${plain(dot.setting)}</b>`, plain(dot.block), `${dot.labels.toLocaleString("en")} labels: ${plain(dot.told)} %`, ...costs].join("<br>");
}

const PATTERNS = ["", "/", "\\", ".", "x", "-", "+", "|"];
const QUIET = "before the cell"; // what no phase of the cell raised

function drawBars(name, bars) {
  if (!document.getElementById(`chart-${name}`)) return;
  const parts = Object.entries(bars.parts).filter(([, values]) => values.some((value) => value > 0));
  const traces = parts.map(([part, values], position) => ({
    type: "bar", orientation: "h", y: bars.names.map(plain), x: values, name: plain(part), hoverinfo: "text",
    hovertext: values.map((value, k) => `<b>${plain(bars.names[k])}</b><br>${plain(part)}: ${number(value)} ${bars.unit}`),
    marker: {
      color: part === QUIET ? variable("--rule") : styleOf(position).color,
      pattern: { shape: PATTERNS[position % PATTERNS.length], fillmode: "overlay", size: 7, solidity: 0.12, fgcolor: variable("--paper") },
    },
  }));
  const narrow = document.getElementById(`chart-${name}`).clientWidth < 520;
  return plot(name, traces, layout(
    {
      barmode: "stack", bargap: 0.35, showlegend: true, height: 96 + (narrow ? 58 : 34) * bars.names.length + 18 * Math.ceil(parts.length / (narrow ? 2 : 5)),
      legend: { orientation: "h", y: 1, yanchor: "bottom", x: 0, traceorder: "normal", itemclick: false, itemdoubleclick: false },
    },
    { title: bars.unit },
    { title: "", autorange: "reversed", ticktext: bars.names.map((each) => wrapped(each, narrow)), tickvals: bars.names.map(plain), showgrid: false },
  ));
}

// Long names in two lines or more where there is little room.
function wrapped(name, narrow) {
  const most = narrow ? 16 : 40, lines = [""];
  for (const word of name.split(" ")) {
    if (lines.at(-1) && lines.at(-1).length + word.length >= most) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) ? " " : "") + (word.length > most ? `${word.slice(0, most - 1)}…` : word);
  }
  return lines.map(plain).join("<br>");
}

const SUMMARY_CHARTS = [drawAccuracy, drawSlopes, drawPareto, () => drawBars("step", data.step), () => drawBars("kinds", data.kinds), () => drawBars("phases", data.phases)];

let summaryDrawn = false;

async function drawSummary() {
  summaryDrawn = !mainPage.hidden; // while a cell is shown these have no width: they are drawn when the reader is back
  if (!summaryDrawn) return;
  for (const draw of SUMMARY_CHARTS) {
    await draw();
    if (draw === drawAccuracy) performance.mark("first chart");
    await breath();
  }
}

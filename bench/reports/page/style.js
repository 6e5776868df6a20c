// Colours, marks and layout that all charts share.
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star"];
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const STROKES = ["", "6 3", "2 2", "6 2 2 2", "9 4", "9 3 2 3"];
const COLOURS = 8;
let printing = false;

function variable(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// As in the pictures of the other reports: another marker where the colours begin anew.
function styleOf(position) {
  return {
    color: variable(`--c${position % COLOURS}`),
    symbol: SYMBOLS[(position + Math.floor(position / COLOURS)) % SYMBOLS.length],
  };
}

// Plotly reads a few tags in texts: names are shown as they are.
function plain(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function number(value) {
  if (value === null) return "not measured";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 1 : 3;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

function layout(more, x, y) {
  const ink = variable("--ink"), muted = variable("--muted"), rule = variable("--rule");
  const axis = {
    gridcolor: rule, linecolor: rule, zeroline: false, ticks: "outside", tickcolor: rule, tickfont: { color: muted },
    automargin: true,
  };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, autosize: true,
    font: { family: "system-ui, sans-serif", size: 13, color: ink },
    margin: { l: 8, r: 14, t: 14, b: 8 },
    hoverlabel: { bgcolor: variable("--surface"), bordercolor: muted, font: { color: ink, size: 13 }, align: "left" },
    xaxis: { ...axis, ...x, title: { text: x.title, font: { size: 13, color: muted }, standoff: 12 } },
    yaxis: { ...axis, ...y, title: { text: y.title, font: { size: 13, color: muted }, standoff: 8 } },
    ...more,
  };
}

const CONFIG = { displaylogo: false, displayModeBar: false, responsive: true, showTips: false };

async function plot(name, traces, arrangement) {
  const place = document.getElementById(`chart-${name}`);
  if (!place) return;
  const plotly = await loadPlotly();
  place.querySelector(".waiting")?.remove();
  if (printing) arrangement.width = Math.min(place.clientWidth, 680);
  await plotly.react(place, traces, arrangement, CONFIG);
}

// A logarithmic axis with a place for nothing: one step left of the fewest labels.
function labelAxis(counts) {
  const positive = counts.filter((count) => count > 0).sort((one, other) => one - other);
  const none = (positive[0] ?? 4) / 4;
  const at = (count) => (count > 0 ? count : none);
  const ticks = [...new Set(counts)].sort((one, other) => one - other);
  return { at, axis: { type: "log", tickvals: ticks.map(at), ticktext: ticks.map((count) => count.toLocaleString("en")) } };
}

// What stands on the page as base64 of gzip.
const CAN_UNPACK = typeof DecompressionStream !== "undefined";

async function unpack(id) {
  const packed = atob(document.getElementById(id).textContent);
  const bytes = new Uint8Array(packed.length);
  for (let place = 0; place < packed.length; place += 1) bytes[place] = packed.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

async function unpackText(id) {
  return new TextDecoder().decode(await unpack(id));
}

// Lets the reader scroll and type between two pieces of work.
function breath() {
  return new Promise((resume) => { setTimeout(resume, 0); });
}

let plotlyReady = null;

// The library runs as a script of its own: the page's policy knows its hash and lets no other script run.
function loadPlotly() {
  plotlyReady ??= unpackText("packed-plotly").then(async (source) => {
    const script = document.createElement("script");
    script.textContent = source;
    document.head.append(script);
    performance.mark("library");
    await breath();
    return window.Plotly;
  });
  return plotlyReady;
}

let cellsReady = null;

function loadCells() {
  cellsReady ??= Promise.all([unpackText("packed-records"), unpack("packed-curves")]).then(([records, curves]) => {
    const view = new DataView(curves);
    const numbers = Array.from({ length: curves.byteLength / 2 }, (_, place) => view.getUint16(place * 2, true));
    return { cells: JSON.parse(records), numbers };
  });
  return cellsReady;
}

// A curve back as steps, counted from 1, and values; what was no number is a gap.
function curveOf(header, numbers) {
  const steps = numbers.slice(header.from, header.from + header.points).map((step) => step * header.stride + 1);
  const levels = numbers.slice(header.from + header.points, header.from + 2 * header.points);
  const span = (header.high - header.low) / 65534;
  return { steps, values: levels.map((level) => (level === 65535 ? null : header.low + level * span)) };
}

// Tables that can be sorted by each column, and the table of cells that can be filtered too.
const NUMBER = /^[<+-]?[\d.,]+/;

function sortKey(text) {
  const found = NUMBER.exec(text.trim());
  if (!found) return null;
  const value = Number.parseFloat(found[0].replace(/[<,]/g, ""));
  return Number.isNaN(value) ? null : value;
}

function compareTexts(one, other) {
  if (one === other) return 0;
  if (one === "-" || one === "") return 1; // what was not measured stands last, whichever way round
  if (other === "-" || other === "") return -1;
  const left = sortKey(one), right = sortKey(other);
  if (left !== null && right !== null && left !== right) return left - right;
  return one.localeCompare(other, "en", { numeric: true });
}

function sortBy(table, column, descending) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [row.cells[column].textContent, row]);
  const blank = (text) => text === "-" || text === "";
  rows.sort(([one], [other]) => (blank(one) || blank(other) || !descending ? 1 : -1) * compareTexts(one, other));
  body.append(...rows.map(([, row]) => row));
  for (const [position, head] of [...table.tHead.rows[0].cells].entries()) {
    head.setAttribute("aria-sort", position !== column ? "none" : descending ? "descending" : "ascending");
  }
}

// How a column is set: numbers to the right, short texts on one line.
function kindOf(texts) {
  const isNumber = (text) => sortKey(text) !== null && /^[^a-zA-Z]*$/.test(text.replace(" to ", ""));
  if (texts.length && texts.every(isNumber)) return "number";
  return texts.every((text) => text.length <= 24) ? "short" : null;
}

function makeSortable(table) {
  for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sortBy(table, column, head.getAttribute("aria-sort") === "ascending"));
    head.replaceChildren(button);
    if (table.dataset.set === "already") continue; // a long table comes with its columns set
    const texts = [...table.tBodies[0].rows].slice(0, 50).map((row) => row.cells[column].textContent).filter((text) => text !== "-");
    const kind = kindOf(texts);
    if (!kind) continue;
    head.classList.add(kind);
    for (const row of table.tBodies[0].rows) row.cells[column].classList.add(kind);
  }
}

// No text is broken in a table that has room for all of them.
function setOnOneLine(table) {
  table.classList.add("one-line");
  if (table.offsetWidth > table.parentElement.clientWidth) table.classList.remove("one-line");
}

function startFilters() {
  const form = document.getElementById("filters");
  if (!form) return;
  const rows = [...document.getElementById("cells-table").tBodies[0].rows];
  let texts = null, lower = null;
  const read = () => {
    texts = rows.map((row) => [...row.cells].map((cell) => cell.textContent));
    lower = texts.map((cells) => cells.join(" ").toLowerCase());
  };
  const selects = [...form.querySelectorAll("select")];
  const find = document.getElementById("find");
  const filter = () => {
    if (!texts) read();
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, number) => {
      const fits = words.every((word) => lower[number].includes(word))
        && selects.every((select) => !select.value || texts[number][Number(select.dataset.column)] === select.value);
      row.hidden = !fits;
      shown += fits;
    });
    const all = rows.length.toLocaleString("en");
    document.getElementById("found").textContent = shown === rows.length ? `${all} cells` : `${shown.toLocaleString("en")} of ${all} cells`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
}

function startTables() {
  document.querySelectorAll("table.sortable").forEach(makeSortable);
  document.querySelectorAll("details[open] table").forEach(setOnOneLine);
  startFilters();
}

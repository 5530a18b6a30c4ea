// Tables of numbers that the server sends as {name, columns, rows, notes}: a column is model, condition or a metric.
// `text` gives the words of the component that shows them.

function buildTables(tables, models, text) {
  const titles = Object.fromEntries(models.map((model) => [model.name, model.title]));
  const metrics = [...new Set(tables.flatMap((table) => table.columns))].filter(isMetric);
  const meanings = node("dl", { class: "meanings" });
  for (const metric of metrics) meanings.append(node("div", {}, node("dt", {}, metric), node("dd", {}, text(`about_${metric}`))));
  return [...tables.map((table) => buildTable(table, titles, text)), meanings];
}

function isMetric(column) {
  return column !== "model" && column !== "condition";
}

function buildTable({ name, columns, rows, notes = [] }, titles, text) {
  const head = node("tr");
  for (const column of columns) {
    head.append(node("th", { scope: "col" }, isMetric(column) ? column : text(column)));
    head.lastChild.classList.toggle("number", isMetric(column));
  }
  const body = node("tbody", {}, ...rows.map((row) => tableRow(row, columns, titles, text)));
  const title = text(`table_${name}`);
  const lines = [text(`note_${name}`), ...notes].map((line) => node("p", {}, line));
  return node(
    "figure",
    {},
    node("figcaption", {}, node("strong", {}, title), ...lines),
    node("div", { class: "scroll" }, node("table", { "aria-label": title }, node("thead", {}, head), body)),
  );
}

function tableRow(row, columns, titles, text) {
  const line = node("tr");
  row.forEach((value, i) => {
    const cell = i ? node("td") : node("th", { scope: "row" });
    cell.textContent = worded(value, columns[i], titles, text);
    cell.classList.toggle("number", isMetric(columns[i]));
    line.append(cell);
  });
  return line;
}

function worded(value, column, titles, text) {
  if (isMetric(column) || value === null) return scoreText(value, column);
  return column === "condition" ? conditionName(value) : (titles[value] ?? text(value));
}

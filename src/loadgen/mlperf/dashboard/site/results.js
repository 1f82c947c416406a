// The table of results: filtered, sorted, a page of it at a time.

const PAGE = 50;
const COLUMNS = {
  system: ["System", ["System", "Submitter"]],
  accelerator: ["Accelerator", ["Accelerator", "a#"]],
  benchmark: ["Benchmark", ["Model", "Scenario"]],
  result: ["Result", []],
  division: ["Division", ["Category", "Suite", "Availability"]],
  round: ["Round", ["round"]],
};

// All rows in an order, which is computed once: filters keep it. Figures of different units are not
// compared: units come one after the other.
const orders = new Map();
function inOrder(order, metric) {
  const id = `${order} ${metric}`;
  if (!orders.has(id)) orders.set(id, sorted(order, metric));
  return orders.get(id);
}

function sorted(order, metric) {
  const column = order.replace("-", "");
  const sign = order.startsWith("-") ? -1 : 1;
  const figures = rows.map((row) => figureOf(row, metric));
  const units = [...new Set(figures.map((each) => each?.unit ?? ""))].sort(collator.compare);
  const ofUnit = new Map(units.map((unit, i) => [unit, unit === "" ? Infinity : i]));
  const keys = new Map(rows.map((row, i) => {
    const unit = ofUnit.get(figures[i]?.unit ?? "");
    const value = figures[i]?.value ?? 0;
    const first = column === "result" ? [unit, sign * value]
      : (COLUMNS[column]?.[1] ?? []).map((name) => sign * rankOf(row, name));
    const rest = ["Category", "Model", "Scenario"].map((name) => rankOf(row, name));
    const best = figures[i]?.better === "lower" ? value : -value;
    return [row, [...first, -rankOf(row, "round"), ...rest, unit, best, rankOf(row, "System")]];
  }));
  return [...rows].sort((a, b) => {
    const other = keys.get(b);
    for (const [i, key] of keys.get(a).entries()) if (key !== other[i]) return key - other[i];
    return 0;
  });
}

function resultsPage() {
  let shown = [];
  const names = Object.keys(FACETS);
  const sorts = [["", "Newest first"], ...Object.entries(COLUMNS).flatMap(
    ([name, [text]]) => [[name, `${text}, rising`], [`-${name}`, `${text}, falling`]])];
  const form = filterForm(names, metricSelect, (params) =>
    select("Sort", params.get("sort") ?? "", sorts, (value) => change({ sort: value, page: null })));
  const heads = Object.entries(COLUMNS).map(([name, [text]]) => {
    const button = h("button", {
      type: "button",
      onclick: () => change({ sort: state.params.get("sort") === name ? `-${name}` : name, page: null }),
    }, text);
    return h("th", { scope: "col", role: "columnheader", "data-column": name }, button);
  });
  const body = h("tbody", { role: "rowgroup" });
  const caption = h("caption", null, "Results");
  const grid = h("table.results", { role: "table" }, caption,
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...heads,
      h("th", { scope: "col", role: "columnheader" }, "Compare"))), body);
  const summary = h("p.count");
  const pager = h("nav.pager", { "aria-label": "Pages of results" });
  const compare = h("p.compare");
  const node = h("div", null, h("h1", { tabindex: -1 }, "Results"), form.node,
    h("div.row", null, summary, compare, h("div.row.buttons", null, ...downloads(() => shown))),
    h("div.scroll", { tabindex: 0, role: "group", "aria-label": "Results" }, grid), pager);

  function update(params) {
    const order = params.get("sort") ?? "";
    const metric = params.get("per") ?? "result";
    form.sync(params);
    shown = inOrder(order, metric).filter(passing(params, names));
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    const page = Math.min(Math.max(1, parseInt(params.get("page") ?? "1", 10) || 1), pages);
    const chosen = params.getAll("s");
    const focused = body.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    body.replaceChildren(...shown.slice((page - 1) * PAGE, page * PAGE)
      .map((row) => resultRow(row, metric, chosen)));
    if (focused) body.querySelector(`[data-key="${focused}"]`)?.focus();
    if (!shown.length)
      body.append(h("tr", { role: "row" }, h("td.nothing", { role: "cell", colspan: 7 },
        rows.length ? "No result passes these filters." : "There are no results.")));
    for (const head of heads) {
      const name = head.dataset.column;
      const way = { [name]: "ascending", [`-${name}`]: "descending" }[order];
      if (way) head.setAttribute("aria-sort", way);
      else head.removeAttribute("aria-sort");
    }
    summary.textContent = `${counts.format(shown.length)} of ${count(rows.length, "result")}`
      + (order.endsWith("result") ? ", in order within each unit" : "");
    compare.replaceChildren(...(chosen.length ? [linkTo("compare", chosen.map((s) => ["s", s]),
      `Compare ${count(chosen.length, "system")}`)] : []));
    turn(pager, page, pages);
    say(`${count(shown.length, "result")}, page ${page} of ${pages}`);
  }
  return { node, update };
}

function turn(pager, page, pages) {
  const had = pager.contains(document.activeElement) ? document.activeElement.textContent : null;
  const button = (text, to) => h("button", {
    type: "button", disabled: to < 1 || to > pages, onclick: () => change({ page: to === 1 ? null : to }),
  }, text);
  pager.hidden = pages === 1;
  pager.replaceChildren(button("First", page === 1 ? 0 : 1), button("Previous", page - 1),
    h("span", null, `Page ${counts.format(page)} of ${counts.format(pages)}`),
    button("Next", page + 1), button("Last", page === pages ? 0 : pages));
  if (had) {
    const buttons = [...pager.querySelectorAll("button:enabled")];
    (buttons.find((each) => each.textContent === had) ?? buttons[0])?.focus();
  }
}

function resultRow(row, metric, chosen) {
  const cell = (name, ...children) => h("td", { role: "cell", "data-label": name }, ...children);
  const small = (...parts) => h("span.small", null, parts.filter(Boolean).join(", "));
  const box = h("input", {
    type: "checkbox", "aria-label": `Compare ${systemLabel(row)}`,
    onchange: () => change({
      s: box.checked ? [...chosen, row.system_key] : chosen.filter((each) => each !== row.system_key),
    }, true),
  });
  box.checked = chosen.includes(row.system_key);
  box.dataset.key = row.key;
  const amount = row["a#"] ? `${counts.format(row["a#"])} \u00d7 ` : "";
  return h("tr", { role: "row" },
    h("th", { scope: "row", role: "rowheader" },
      linkTo("result", { key: row.key }, systemName(row)), small(row.Submitter), marks(row)),
    cell("Accelerator", row.Accelerator ? `${amount}${row.Accelerator}` : "none",
      small(row.Processor)),
    cell("Benchmark", row.Model, small(row.Scenario,
      row.UsedModel !== row.Model && row.Category === "open" ? row.UsedModel : "")),
    cell("Result", figure(figureOf(row, metric))),
    cell("Division", row.Category || "-", small(row.Suite, row.Availability)),
    cell("Round", row.round),
    h("td.choice", { role: "cell", "data-label": "Compare" }, box));
}

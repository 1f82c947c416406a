// Systems beside each other: each benchmark and scenario that one of them has, and how far the
// others are from the first.

function comparePage() {
  const names = new Map();
  for (const [key, [row]] of systems) {
    const label = systemLabel(row);
    names.set(names.has(label) ? `${label} ${key.slice(0, 4)}` : label, key);
  }
  const ordered = [...names.keys()].sort(collator.compare);
  const input = h("input", {
    type: "text", list: "systems", autocomplete: "off", placeholder: "Type a part of its name",
    onkeydown: (event) => { if (event.key === "Enter") add(); },
    onchange: () => { if (names.has(input.value)) add(); },
  });
  const extra = h("div");
  const problem = h("p.problem", { role: "alert" });
  const options = h("datalist", { id: "systems" }, ordered.map((name) => h("option", { value: name })));
  const form = h("form.controls", { onsubmit: (event) => event.preventDefault() },
    h("div.row", null,
      field("Add a system", input, "div.field.wide"), options,
      h("button", { type: "button", onclick: () => add() }, "Add"), extra), problem);
  const chips = h("ul.chips", { "aria-label": "Systems that are compared" });
  const result = h("div");
  const node = h("div", null, h("h1", { tabindex: -1 }, "Compare systems"), form, chips, result);

  function add() {
    const typed = input.value.trim();
    if (!typed) return;
    const words = typed.toLowerCase().split(/\s+/);
    const close = names.has(typed) ? [typed] : ordered.filter((name) =>
      words.every((word) => name.toLowerCase().includes(word)));
    if (close.length !== 1) {
      problem.textContent = close.length
        ? `${counts.format(close.length)} systems have "${typed}" in their names; type more of one.`
        : `No system has "${typed}" in its name.`;
      return;
    }
    problem.textContent = "";
    input.value = "";
    const chosen = state.params.getAll("s");
    const key = names.get(close[0]);
    if (!chosen.includes(key)) change({ s: [...chosen, key] });
  }

  function update(params) {
    const chosen = [...new Set(params.getAll("s"))].filter((key) => systems.has(key));
    chips.replaceChildren(...chosen.map((key, i) => {
      const label = systemLabel(systems.get(key)[0]);
      return h("li", null, h("span", null, label, i ? "" : " (the base)"), h("button", {
        type: "button", "aria-label": `Remove ${label}`,
        onclick: () => {
          change({ s: chosen.filter((each) => each !== key) });
          input.focus();
        },
      }, "\u00d7"));
    }));
    renew(extra, metricSelect(params));
    result.replaceChildren(...compared(chosen, params.get("per") ?? "result"));
    say(chosen.length < 2 ? "Choose at least two systems" : `${chosen.length} systems compared`);
  }
  return { node, update };
}

function compared(chosen, metric) {
  if (chosen.length < 2)
    return [h("p", null, "Choose at least two systems: here, or by the boxes in the table of results.")];
  const cells = new Map();
  chosen.forEach((key, i) => {
    for (const row of systems.get(key)) {
      const found = figureOf(row, metric);
      if (found === null) continue;
      const model = row.Category === "open" && row.UsedModel !== row.Model
        ? `${row.Model} (by ${row.UsedModel})` : row.Model;
      const id = JSON.stringify([model, row.Scenario, found.unit]);
      if (!cells.has(id)) cells.set(id, { model, scenario: row.Scenario, unit: found.unit, of: [] });
      const there = cells.get(id).of[i];
      if (!there || isBetter(found, there.found)) cells.get(id).of[i] = { found, row };
    }
  });
  if (!cells.size) return [h("p", null, "None of these systems has such a figure.")];
  const ordered = [...cells.values()].sort((a, b) =>
    collator.compare(a.model, b.model) || collator.compare(a.scenario, b.scenario));
  const heads = ["Benchmark", ...chosen.map((key) => {
    const [row] = systems.get(key);
    return h("span", null, row.Submitter, h("span.small", null, systemName(row)),
      h("span.small", null, [row.Category, row.round].filter(Boolean).join(", ")));
  })];
  const body = ordered.map(({ model, scenario, unit, of }) => [
    h("span", null, model, h("span.small", null, `${scenario}, ${unit}`)),
    ...chosen.map((_, i) => {
      if (!of[i]) return h("span.none", null, "-");
      const shown = linkTo("result", { key: of[i].row.key }, number(of[i].found.value));
      const apart = i ? delta(of[i].found, of[0]?.found ?? null) : null;
      return h("span", null, shown, apart, marks(of[i].row));
    }),
  ]);
  return [table("Figures, and differences to the first system", heads, body, "table.compared"),
    ...timesTheFirst(chosen, ordered)];
}

const ratios = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const times = (value) => `${value < 1e5 ? ratios.format(value) : value.toExponential(2)}\u00d7`;

// Bars of what has a figure of the first system, too. Of a latency the inverse: longer is better.
function timesTheFirst(chosen, ordered) {
  const nameOf = (key) => systemLabel(systems.get(key)[0]);
  const results = [];
  const groups = ordered.map(({ model, scenario, unit, of: [base, ...others] }) => ({
    head: `${model} ${scenario}, ${unit}`,
    bars: others.flatMap((each, i) => {
      const [value, first] = [each?.found.value, base?.found.value];
      if (!(value > 0 && first > 0 && base.found.better)) return [];
      results.push(each.row, base.row);
      return [{
        name: nameOf(chosen[i + 1]), value: base.found.better === "lower" ? first / value : value / first,
      }];
    }),
  })).filter(({ bars }) => bars.length);
  if (!groups.length) return [];
  const plot = {
    title: `Compared with ${nameOf(chosen[0])}`,
    caption: "Figures divided by those of the first system; of latencies the inverse. Longer is better.",
    words: groups.map(({ head, bars }) =>
      `${head}: ${bars.map(({ name, value }) => `${name} ${times(value)}`).join(", ")}.`).join(" "),
    results: [...new Set(results)], draw: barPlot("times the first system", groups, times),
  };
  return [chart(plot, h("h2", null, plot.title))];
}

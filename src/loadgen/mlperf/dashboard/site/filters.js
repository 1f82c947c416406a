// Which results are shown: a select for each field, with how many results each choice would leave,
// and words that have to be in one of them.

const FACETS = {
  round: "Round", Category: "Division", Suite: "Suite", Availability: "Availability",
  Model: "Benchmark", Scenario: "Scenario", Submitter: "Submitter", Accelerator: "Accelerator",
};

// The rows that pass all filters, in their order, and of each facet how many pass all others, by its
// values.
function filtered(params, names, among = rows) {
  const wanted = names.map((name) => params.get(name));
  const words = (params.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  const left = names.map(() => new Map());
  for (const row of among) {
    if (words.length) {
      const hay = haystackOf(row);
      if (!words.every((word) => hay.includes(word))) continue;
    }
    let misses = 0;
    let missed = -1;
    for (let i = 0; i < names.length; i++) {
      if (wanted[i] === null || row[names[i]] === wanted[i]) continue;
      misses++;
      missed = i;
    }
    if (misses === 0) found.push(row);
    if (misses > 1) continue;
    for (let i = 0; i < names.length; i++) {
      if (misses && i !== missed) continue;
      const value = row[names[i]];
      left[i].set(value, (left[i].get(value) ?? 0) + 1);
    }
  }
  return { found, left };
}

// A form whose fields follow the address. Options are written anew, boxes are not: who types or
// chooses keeps the focus.
function filterForm(names, ...more) {
  const search = h("input", {
    type: "search", autocomplete: "off", spellcheck: "false",
    oninput: () => change({ q: search.value, page: null }, true),
  });
  const boxes = names.map((name) => h("select", {
    onchange: (event) => change({ [name]: event.target.value, page: null }),
  }));
  const clear = h("button", {
    type: "button",
    onclick: () => {
      change({ ...Object.fromEntries(names.map((name) => [name, null])), q: null, page: null });
      search.focus();
    },
  }, "Clear filters");
  const extra = h("div.fields");
  const wide = matchMedia("(min-width: 48.01rem)"); // as in style.css: there, all are seen
  const folded = h("details.filters", { open: wide.matches },
    h("summary", null, "Filters"),
    h("div.fields", null, names.map((name, i) => field(FACETS[name], boxes[i]))));
  const node = h("form.controls", { role: "search", onsubmit: (event) => event.preventDefault() },
    field("Search", search, "div.field.wide"), folded,
    h("div.row", null, extra, clear));

  wide.addEventListener("change", () => { folded.open = wide.matches; });

  const sync = (params, left) => {
    if (search.value !== (params.get("q") ?? "")) search.value = params.get("q") ?? "";
    names.forEach((name, i) => {
      const chosen = params.get(name);
      const values = [...left[i]].filter(([value]) => value !== "");
      if (chosen !== null && !left[i].has(chosen)) values.push([chosen, 0]);
      if (name === "round") values.sort(([a], [b]) => roundOrder.get(b) - roundOrder.get(a));
      else values.sort(([a], [b]) => collator.compare(a, b));
      boxes[i].replaceChildren(
        h("option", { value: "" }, "All"),
        ...values.map(([value, n]) => h("option", { value }, `${value} (${counts.format(n)})`)));
      boxes[i].value = chosen ?? "";
      boxes[i].classList.toggle("chosen", chosen !== null);
    });
    const n = names.filter((name) => params.has(name)).length;
    folded.querySelector("summary").textContent = n ? `Filters (${n} set)` : "Filters";
    clear.hidden = n === 0 && !params.get("q");
    renew(extra, ...more.map((make) => make(params)));
  };
  return { node, sync };
}

// Which results are shown: of each field the values that are chosen, any if none is, with how many
// results each would leave, and words that have to be in one of them.

const FACETS = {
  round: "Round", Category: "Division", Suite: "Suite", Availability: "Availability",
  Model: "Benchmark", Scenario: "Scenario", Submitter: "Submitter", Accelerator: "Accelerator",
};

const NONE = "none";

// A test of rows: whether they pass the filters, all or all but one.
function passing(params, names, but = null) {
  const wanted = names.filter((name) => name !== but && params.has(name))
    .map((name) => [name, params.getAll(name)]);
  const words = (params.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return (row) => wanted.every(([name, values]) => values.includes(row[name]))
    && words.every((word) => haystackOf(row).includes(word));
}

// One field: what is chosen stands in its summary; its values are listed when it is opened, so
// letters that are typed into the search need not wait for lists that nobody sees.
function facet(name, names) {
  const shown = h("span.value");
  const menu = h("div.menu", { role: "group", "aria-label": FACETS[name], tabindex: -1 });
  const summary = h("summary", { onclick: () => fill() }, h("span.label", null, FACETS[name]), " ", shown);
  const node = h("details.facet", {
    onkeydown: (event) => {
      if (event.key !== "Escape" || !node.open) return;
      node.open = false;
      summary.focus();
    },
  }, summary, menu);
  let chosen = [];

  const boxes = () => [...menu.querySelectorAll("input")];
  function fill() {
    const left = new Map(chosen.map((value) => [value, 0]));
    for (const row of rows.filter(passing(state.params, names, name)))
      left.set(row[name], (left.get(row[name]) ?? 0) + 1);
    const values = [...left.keys()];
    if (name === "round") values.sort((a, b) => roundOrder.get(b) - roundOrder.get(a));
    else values.sort(collator.compare);
    menu.replaceChildren(...values.map((value) => {
      const box = h("input", {
        type: "checkbox", value,
        onchange: () => change({
          [name]: boxes().filter((each) => each.checked).map((each) => each.value), page: null,
        }),
      });
      box.checked = chosen.includes(value);
      return h("label", null, box, h("span", null, value || NONE), " ",
        h("span.unit", null, counts.format(left.get(value))));
    }));
    if (!values.length) menu.replaceChildren("Nothing to choose.");
  }

  function sync(params) {
    chosen = params.getAll(name);
    shown.textContent = chosen.map((value) => value || NONE).join(", ") || "All";
    summary.classList.toggle("chosen", chosen.length > 0);
    for (const box of boxes()) box.checked = chosen.includes(box.value);
  }
  return { node, sync };
}

// Who goes elsewhere is done with a list of values.
for (const kind of ["click", "focusin"])
  addEventListener(kind, ({ target }) => {
    for (const each of document.querySelectorAll(".facet[open]"))
      if (!each.contains(target)) each.open = false;
  });

// A form whose fields follow the address.
function filterForm(names, ...more) {
  const search = h("input", {
    type: "search", autocomplete: "off", spellcheck: "false",
    oninput: () => change({ q: search.value, page: null }, true),
  });
  const facets = names.map((name) => facet(name, names));
  const clear = h("button", {
    type: "button",
    onclick: () => {
      change({ ...Object.fromEntries(names.map((name) => [name, null])), q: null, page: null });
      search.focus();
    },
  }, "Clear filters");
  const extra = h("div.fields");
  const wide = matchMedia("(min-width: 48.01rem)"); // as in style.css: there, all are seen
  const summary = h("summary");
  const folded = h("details.filters", { open: wide.matches }, summary,
    h("div.fields", null, facets.map(({ node }) => node)));
  const node = h("form.controls", { role: "search", onsubmit: (event) => event.preventDefault() },
    field("Search", search, "div.field.wide"), folded,
    h("div.row", null, extra, clear));

  wide.addEventListener("change", () => { folded.open = wide.matches; });

  const sync = (params) => {
    if (search.value !== (params.get("q") ?? "")) search.value = params.get("q") ?? "";
    facets.forEach((each) => each.sync(params));
    const n = names.filter((name) => params.has(name)).length;
    summary.textContent = n ? `Filters (${n} set)` : "Filters";
    clear.hidden = n === 0 && !params.get("q");
    renew(extra, ...more.map((make) => make(params)));
  };
  return { node, sync };
}

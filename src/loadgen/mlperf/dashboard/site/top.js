// The best results of each benchmark, scenario, division and suite, among those that filters leave.

const FEW = 3;
const MANY = 10;
const GROUPS = 24;

function topPage() {
  const names = ["round", "Category", "Suite", "Availability", "Model", "Scenario", "Accelerator"];
  const form = filterForm(names, metricSelect);
  const result = h("div");
  const node = h("div", null, h("h1", { tabindex: -1 }, "Top results"), form.node, result);

  function update(params) {
    form.sync(params);
    const metric = params.get("per") ?? "result";
    const groups = rankedGroups(rows.filter(passing(params, names)), metric);
    groups.sort(([a], [b]) => collator.compare(rankedName(a.row), rankedName(b.row)));
    const n = groups.length === 1 ? MANY : FEW;
    result.replaceChildren(...groups.slice(0, GROUPS).map((group) => topOf(group, n, params)));
    if (!groups.length) result.append(noneOf("No result that passes these filters has such a figure."));
    if (groups.length > GROUPS)
      result.append(h("p", null, `${groups.length - GROUPS} more benchmarks: choose one above.`));
    say(count(groups.length, "table"));
  }
  return { node, update };
}

function topOf(group, n, params) {
  group.sort((a, b) => (isBetter(a.found, b.found) ? -1 : isBetter(b.found, a.found) ? 1 : 0));
  const best = group.slice(0, n);
  const [{ row, found }] = best;
  const title = rankedName(row);
  const lower = found.better === "lower";
  const most = lower ? best.at(-1).found.value : found.value;
  const body = best.map((each) => [ // equal figures share a place
    `${best.findIndex(({ found: { value } }) => value === each.found.value) + 1}`,
    h("span", null, linkTo("result", { key: each.row.key }, systemName(each.row)),
      h("span.small", null, `${each.row.Submitter}, ${each.row.round}`),
      marks(each.row)),
    h("span", null, each.row.Accelerator || "no accelerator",
      each.row["a#"] ? h("span.small", null, `\u00d7 ${counts.format(each.row["a#"])}`) : null),
    h("span", null, number(each.found.value), bar(most ? each.found.value / most : 0)),
  ]);
  const heads = [h("span.unseen", null, "Place"), "System", "Accelerator", `${found.unit}${lower ? " (lower is better)" : ""}`];
  const all = n < group.length && n === FEW
    ? h("p", null, linkTo("top", [...[...params].filter(([name]) => !RANKED.includes(name)),
      ...rankedFilters(row)], `The first ${Math.min(MANY, group.length)} of ${title}`))
    : null;
  return h("section", null, h("h2", null, title), table(`Best of ${title}, ${found.unit}`, heads, body, "table.places"), all);
}

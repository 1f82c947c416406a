// One benchmark over the rounds, in one scenario, division and suite: the best result of each, and systems that came again.

function historyPage() {
  const names = ["Model", "Scenario", "Category", "Suite", "Submitter", "Accelerator"];
  const form = filterForm(names, metricSelect);
  const result = h("div");
  const node = h("div", null, h("h1", { tabindex: -1 }, "History"), form.node, result);

  function update(params) {
    form.sync(params);
    const metric = params.get("per") ?? "result";
    const groups = rankedGroups(rows.filter(passing(params, names)), metric);
    const spans = (group) => new Set(group.map(({ row }) => row.round)).size;
    groups.sort((a, b) => spans(b) - spans(a) || b.length - a.length);
    if (groups.length === 0)
      result.replaceChildren(noneOf("No result that passes these filters has such a figure."));
    else result.replaceChildren(...historyOf(groups[0]), others(groups.slice(1).sort(([a], [b]) => collator.compare(rankedName(a.row), rankedName(b.row))), params));
    say(groups.length ? `History of ${rankedName(groups[0][0].row)}` : "No history");
  }
  return { node, update };
}

function others(groups, params) {
  if (!groups.length) return "";
  const kept = [...params].filter(([name]) => !RANKED.includes(name));
  return h("section", null, h("h2", null, "Other benchmarks"), h("ul.links", null,
    groups.slice(0, 60).map(([{ row, found }]) => h("li", null, linkTo("history",
      [...kept, ...rankedFilters(row)], `${rankedName(row)}, ${found.unit}`)))));
}

function historyOf(group) {
  const title = rankedName(group[0].row);
  const { unit, better } = group[0].found;
  const rounds = [...groupBy(group, ({ row }) => row.round)]
    .sort(([a], [b]) => roundOrder.get(a) - roundOrder.get(b))
    .map(([name, all]) => ({
      name, all, best: all.reduce((a, b) => (isBetter(b.found, a.found) ? b : a)),
    }));
  const at = new Map(rounds.map(({ name }, i) => [name, rounds.length > 1 ? 0.04 + (0.92 * i) / (rounds.length - 1) : 0.5]));
  const point = (each, label = "") => ({
    x: at.get(each.row.round), y: each.found.value, label,
    title: `${systemLabel(each.row)}: ${number(each.found.value)} ${unit}`,
  });
  const words = `Best result of each round, and all results as small dots; ${better} is better. `
    + `${rounds[0].name}: ${number(rounds[0].best.found.value)} ${unit}`
    + (rounds.length > 1 ? `; ${rounds.at(-1).name}: ${number(rounds.at(-1).best.found.value)} ${unit}.` : ".");
  const body = rounds.map(({ name, all, best }, i) => [
    name, number(best.found.value),
    i ? delta(best.found, rounds[i - 1].best.found) : "",
    h("span", null, linkTo("result", { key: best.row.key }, systemName(best.row)),
      h("span.small", null, best.row.Submitter), marks(best.row)),
    counts.format(all.length),
  ]);
  const plot = {
    title: `${title}, ${unit}`, caption: words, words, results: group.map(({ row }) => row),
    draw: linePlot(unit, "round", rounds.map(({ name, best }) => point(best, name)),
      group.map((each) => point(each))),
  };
  const parts = [h("h2", null, plot.title), chart(plot),
    table(`Best of each round, ${unit}`, ["Round", "Best", "Change", "System", "Results"], body, "table.rounds")];
  const again = [...groupBy(group, ({ row }) => JSON.stringify([row.Submitter, systemName(row)])).values()]
    .filter((all) => new Set(all.map(({ row }) => row.round)).size > 1);
  if (again.length) parts.push(table(`Systems in several rounds, ${unit}`,
    ["System", ...rounds.map(({ name }) => name)],
    again.slice(0, PAGE).map((all) => [
      h("span", null, systemName(all[0].row), h("span.small", null, all[0].row.Submitter)),
      ...rounds.map(({ name }) => {
        const its = all.filter(({ row }) => row.round === name);
        if (!its.length) return "-";
        const best = its.reduce((a, b) => (isBetter(b.found, a.found) ? b : a));
        return linkTo("result", { key: best.row.key }, number(best.found.value));
      }),
    ])));
  return parts;
}

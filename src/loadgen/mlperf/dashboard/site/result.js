// One result: its figure, what was made of it, what was found, where its logs are.

function resultPage() {
  const node = h("div");
  function update(params) {
    const row = byKey.get(params.get("key"));
    if (!row) {
      node.replaceChildren(h("h1", { tabindex: -1 }, "No such result"),
        h("p", null, "This site has no result of this address. ", linkTo("results", {}, "All results")));
      return;
    }
    const beside = h("div");
    node.replaceChildren(...resultHead(row), beside, about(row));
    detailOf(row).then((detail) => {
      if (state.params.get("key") === row.key) beside.replaceChildren(...resultDetails(row, detail));
    });
    say(`${benchmarkName(row)}: ${systemName(row)}`);
  }
  return { node, update };
}

function resultHead(row) {
  const word = row.reviewed
    ? h("article.card.good", null, h("h2", null, "Reviewed"),
      h("p.meaning", null, "Who built this site says that this result was reviewed. The publication of its round decides."))
    : h("article.card.warn", null, h("h2", null, "Unverified"), h("p.meaning", null, "No reviewer confirmed this result."));
  word.append(h("p.meaning", null, noticeOf.get(row.round)));
  const facts = Object.entries(METRICS).map(([metric, name]) => [name, figureOf(row, metric)])
    .filter(([, found]) => found !== null);
  if (row.Power_Result !== null)
    facts.push(["Power", { value: row.Power_Result, unit: row.Power_Units }]);
  if (row.Performance_Units === "minutes" && row.Performance_Result < 2)
    facts.push(["In seconds", { value: row.Performance_Result * 60, unit: "s" }]);
  return [h("h1", { tabindex: -1 }, `${benchmarkName(row)}: `, h("bdi", null, systemName(row))),
    h("p.subtitle", null, unturned(
      [row.Submitter, row.Category, row.Suite, row.Availability, row.round].filter(Boolean).join(", "))),
    h("p", null, marks(row)),
    h("dl.facts", null, facts.map(([name, found]) =>
      h("div", null, h("dt", null, name), h("dd.figure", null, figure(found))))),
    h("div.cards", null, word),
    h("p", null, linkTo("compare", { s: row.system_key }, "Compare this system"), ", ",
      linkTo("history", rankedFilters(row), "history of this benchmark"), ", ",
      linkTo("results", { Submitter: row.Submitter, round: row.round }, "all of this submitter"))];
}

function resultDetails(row, detail) {
  if (detail === null)
    return [h("p.problem", null, "What belongs to this result could not be read: a file of this site is missing.")];
  const parts = [];
  const verdicts = Object.entries(detail.verdicts ?? {});
  if (verdicts.length) parts.push(h("h2", null, "Verdicts"), pairs("What was judged", verdicts));
  const findings = detail.findings ?? [];
  parts.push(h("h2", null, "Findings of the checker"));
  if (findings.length) parts.push(findingsTable(findings));
  else parts.push(h("p", null, detail.path ? "Nothing was found." : "This result came without a check of its logs."));
  if (detail.signers) parts.push(h("p.long", null, `Signed by ${detail.signers.join(", ")}.`));
  else if (detail.path) parts.push(h("p", null, "No signature of these files was verified."));
  const curves = Object.entries(detail.curves ?? {});
  if (curves.length) parts.push(h("h2", null, "Percentiles"), ...curves.map((curve) => curvePlot(row, curve)));
  if (detail.logs?.length) parts.push(h("h2", null, "Logs"), h("ul.links", null, detail.logs.map(({ name, copied }) =>
    h("li", null, copied ? h("a", { href: `logs/${row.key}/${name}` }, breakable(name)) : `${name} (not copied into this site)`))));
  return parts;
}

function findingsTable(findings) {
  return table("Findings", ["Kind", "Rule", "Where", "Found", "Expected"], findings.map((each) => [
    h(`span.tone-${each.severity === "error" ? "bad" : "warn"}`, null, each.severity),
    h("span", null, each.rule ?? "", h("span.small", null, each.reference ?? "")),
    h("span", null, breakable(`${each.file ?? ""}${each.line && each.line !== "0" ? `:${each.line}` : ""}`)),
    each.found ?? "", each.expected ?? "",
  ]), "table.findings");
}

// Percentiles by "nines": each further one is as wide as the one before.
function curvePlot(row, [name, points]) {
  const nines = (p) => -Math.log10(1 - Math.min(p, 99.9999) / 100);
  const most = Math.max(...points.map(([p]) => nines(p)));
  const shown = points.map(([p, ns]) => ({
    x: nines(p) / most, y: ns / 1e6, label: `p${p}`, title: `p${p}: ${number(ns / 1e6)} ms`,
  }));
  const plot = {
    title: `${benchmarkName(row)}: ${name}`, subtitle: systemLabel(row), results: [row],
    words: `${name}: ${shown.map((each) => each.title).join(", ")}.`,
    draw: linePlot("ms", "percentile", shown),
  };
  return chart(plot, h("h3", null, name),
    h("details", null, h("summary", null, "Numbers", h("span.unseen", null, ` of: ${name}`)),
      table(name, ["Percentile", "ms"], points.map(([p, ns]) => [`p${p}`, number(ns / 1e6)]))));
}

function about(row) {
  const whole = (value) => (value === null ? "" : counts.format(value));
  return h("section", null, h("h2", null, "System and software"), pairs("What was measured", [
    ["ID", row.ID], ["System", row.System], ["Platform", row.Platform], ["Nodes", whole(row.Nodes)],
    ["Processor", row.Processor], ["Processors in all", whole(row["p#"])], ["Accelerator", row.Accelerator],
    ["Accelerators in all", whole(row["a#"])], ["Software", row.Software], ["Model used", row.UsedModel],
    ["Accuracy", row.Accuracy], ["Notes", row.Notes], ["Details", outside(row.Details)], ["Code", outside(row.Code)],
  ]));
}

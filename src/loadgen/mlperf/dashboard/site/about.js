// What the site was built from, and what is not on it.

function aboutPage() {
  const refused = site.refused;
  const node = h("div", null, h("h1", { tabindex: -1 }, "About this site"),
    h("p", null, "Results as they were handed in. \"Unverified\" stands beside each that no reviewer confirmed; ",
      "the page of a result has what the checker found in its logs, where these were at hand. ",
      "Figures of different units are never compared."),
    h("h2", null, "Rounds"),
    table("Rounds", ["Round", "Title", "Results"], site.rounds.map((round) => [
      round.name, round.title, counts.format(rows.filter((row) => row.round === round.name).length),
    ]), "table.prose"),
    [...groupBy(site.rounds, ({ notice }) => notice)].map(([notice, all]) =>
      h("p", null, `${all.map(({ name }) => name).join(", ")}: `, h("em", null, notice))),
    h("h2", null, "Sources"),
    table("Sources", ["File or folder", "Results", "Refused", "Review"], site.sources.map((each) => [
      each.path, counts.format(each.n_results), counts.format(each.n_refused), each.is_reviewed ? "reviewed" : "unverified",
    ]), "table.prose"),
    h("h2", null, "Refused results"),
    refused.length ? h("p", null, `${count(refused.length, "result")} not shown, since the checker refused ${refused.length === 1 ? "it" : "them"}.`)
      : h("p", null, "None."),
    refused.slice(0, PAGE).map((each) => h("details", null,
      h("summary", null, `${each.path}: ${count(each.findings.length, "finding")}`),
      each.findings.length ? findingsTable(each.findings) : h("p", null, "There is no score."))),
    refused.length > PAGE ? h("p", null, `and ${counts.format(refused.length - PAGE)} more.`) : null,
    h("h2", null, "All data"),
    h("p", null, h("a", { href: "results.json" }, "results.json"), " has every result in the fields of summary_results.json."));
  return { node, update: () => say("About this site") };
}

// The results, and what is computed of one. A row is an object with the fields of
// summary_results.json and a few of the site's own.

const site = window.loadgenSite;
const rows = site.rows.map((values) =>
  Object.fromEntries(site.fields.map((name, i) => [name, values[i]])),
);
const byKey = new Map(rows.map((row) => [row.key, row]));
const roundOrder = new Map(site.rounds.map((round, i) => [round.name, i]));
const noticeOf = new Map(site.rounds.map((round) => [round.name, round.notice]));
const details = new Map();

// What is beside the official fields lies in files that are read when a page wants them.
window.loadgenDetails = (chunk) =>
  Object.entries(chunk).forEach(([key, detail]) => details.set(key, detail));

function detailOf(row) {
  if (!row.detailed || details.has(row.key)) return Promise.resolve(details.get(row.key) ?? {});
  return new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = `details/${row.key.slice(0, 2)}.js`;
    script.onload = () => resolve(details.get(row.key) ?? {});
    script.onerror = () => resolve(null);
    document.head.append(script);
  });
}

const METRICS = {
  result: "Result",
  accelerator: "Per accelerator",
  processor: "Per processor",
  joule: "Per joule",
};

// A row's figure: {value, unit, better}, or null where there is none. A latency is nothing that
// accelerators share; processors are counted where they do the work alone; of energy per query the inverse is shown, as of power: more is better.
function figureOf(row, metric) {
  const { shown, better } = site.units[row.Performance_Units];
  const value = row.Performance_Result;
  if (metric === "accelerator") {
    if (better !== "higher" || !(row["a#"] > 0)) return null;
    return { value: value / row["a#"], unit: `${shown} per accelerator`, better };
  }
  if (metric === "processor") {
    if (better !== "higher" || (row["a#"] ?? row.Accelerator) || !(row["p#"] > 0)) return null;
    return { value: value / row["p#"], unit: `${shown} per processor`, better };
  }
  if (metric === "joule") {
    if (!(row.Power_Result > 0)) return null;
    const power = row.Power_Units.toLowerCase();
    if (/^w(atts?)?$/.test(power) && better === "higher")
      return { value: value / row.Power_Result, unit: shown.replace(/\/s$/, "/J"), better };
    if (/^(mj|millijoules)/.test(power))
      return { value: 1000 / row.Power_Result, unit: "queries/J", better: "higher" };
    return null;
  }
  return { value, unit: shown, better };
}

const isBetter = (a, b) => (a.better === "lower" ? a.value < b.value : a.value > b.value);

// Of a field's texts, where each comes in order: comparing numbers is what makes sorting quick.
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const ranks = new Map();
function rankOf(row, name) {
  if (!ranks.has(name)) {
    const texts = [...new Set(rows.map((each) => each[name]))];
    if (name === "round") texts.sort((a, b) => roundOrder.get(a) - roundOrder.get(b));
    else texts.sort((a, b) => collator.compare(a, b));
    ranks.set(name, new Map(texts.map((text, i) => [text, i])));
  }
  return ranks.get(name).get(row[name]);
}

const SEARCHED = [
  "ID", "Submitter", "System", "Platform", "Model", "UsedModel", "Scenario", "Accelerator",
  "Processor", "Software", "Notes", "round",
];
const haystacks = new Map();
function haystackOf(row) {
  if (!haystacks.has(row))
    haystacks.set(row, SEARCHED.map((name) => row[name]).join("\n").toLowerCase());
  return haystacks.get(row);
}

// Made before anybody types, but after the first page is seen.
setTimeout(() => rows.forEach(haystackOf), 300);

function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (groups.has(key)) groups.get(key).push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

const systems = groupBy(rows, (row) => row.system_key);
const systemName = (row) => row.System || row.Platform || "unnamed system";
// Without signs that turn what comes after them: of names of others, one line is made.
const unturned = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
const systemLabel = (row) => unturned(
  `${row.Submitter}: ${systemName(row)} (${[row.Category, row.round].filter(Boolean).join(", ")})`);
// What may be ranked together: of one benchmark, scenario, division, suite and unit.
const RANKED = ["Model", "Scenario", "Category", "Suite"];
const rankedName = (row) =>
  unturned([benchmarkName(row), row.Category, row.Suite].filter(Boolean).join(", "));
const rankedFilters = (row) => RANKED.map((name) => [name, row[name]]);

function rankedGroups(found, metric) {
  const figures = found.map((row) => ({ row, found: figureOf(row, metric) }))
    .filter((each) => each.found?.better);
  return [...groupBy(figures, ({ row, found: { unit } }) =>
    JSON.stringify([...RANKED.map((name) => row[name]), unit])).values()];
}

const benchmarkName = (row) => unturned(`${row.Model} ${row.Scenario}`);

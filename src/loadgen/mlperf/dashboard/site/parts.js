// Elements, links, numbers, downloads. Text goes into text nodes; no HTML is ever read.

function h(tag, attributes, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value") node.value = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((each) => each !== null && each !== undefined));
  return node;
}

const linkTo = (page, params, ...children) =>
  h("a", { href: hashOf(page, new URLSearchParams(params)) }, ...children);

// A link to what a result names, if that is on the web; anything else is shown as text.
function outside(text) {
  if (!/^https?:\/\/[^\s]+$/i.test(text)) return text;
  return h("a", { href: text, rel: "noopener noreferrer nofollow" }, text);
}

// A path, which may go on in the next line behind a "/" or "_".
const breakable = (path) =>
  (path.match(/[^/_]+[/_]*|[/_]+/g) ?? []).flatMap((part) => [part, h("wbr")]);

const DIGITS = 6;
const numbers = new Intl.NumberFormat("en", { maximumSignificantDigits: DIGITS });
const counts = new Intl.NumberFormat("en");
const wholes = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
function number(value) {
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(3);
  return (Math.abs(value) < 10 ** DIGITS ? numbers : wholes).format(value);
}
const count = (n, noun) => `${counts.format(n)} ${noun}${n === 1 ? "" : "s"}`;

function figure(found) {
  if (found === null) return h("span.none", null, "-");
  return h("span.figure", null,
    h("data", { value: found.value }, number(found.value)), " ", h("span.unit", null, found.unit));
}

const percents = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

// How much a figure is above another: signed, and in words which of them is better.
function delta(found, base) {
  if (found === null || base === null || !(base.value > 0)) return null;
  const percent = (found.value / base.value - 1) * 100;
  const shown = `${percent >= 0 ? "+" : "\u2212"}${percents.format(Math.abs(percent))}\u00a0%`;
  if (!found.better || Math.abs(percent) < 0.05) return h("span.delta", null, shown);
  const good = isBetter(found, base);
  return h(`span.delta.tone-${good ? "good" : "bad"}`, null, shown, good ? " better" : " worse");
}

function marks(row) {
  const found = [row.reviewed
    ? h("span.mark.good", null, "reviewed")
    : h("span.mark.warn", { title: noticeOf.get(row.round) }, "unverified")];
  if (row.inferred) found.push(h("span.mark", null, "inferred"));
  if (row.errors) found.push(h("span.mark.bad", null, count(row.errors, "error")));
  if (row.warnings) found.push(h("span.mark.warn", null, count(row.warnings, "warning")));
  return h("span.marks", null, ...found);
}

// A table with heads, which scrolls in its own box where it is wider than the page.
function table(caption, heads, body, tag = "table") {
  return h("div.scroll", { tabindex: 0, role: "group", "aria-label": caption },
    h(tag, null, h("caption", null, caption),
      h("thead", null, h("tr", null, heads.map((each) => h("th", { scope: "col" }, each)))),
      h("tbody", null, body.map(([head, ...cells]) =>
        h("tr", null, h("th", { scope: "row" }, head), cells.map((each) => h("td", null, each)))))));
}

function pairs(caption, entries) {
  const shown = entries.filter(([, value]) => value !== "" && value !== null);
  return h("div.scroll", { tabindex: 0, role: "group", "aria-label": caption },
    h("table.pairs", null, h("caption", null, caption),
      h("tbody", null, shown.map(([name, value]) =>
        h("tr", null, h("th", { scope: "row" }, name), h("td", null, value))))));
}

const noneOf = (words) => h("p", null, rows.length ? words : "There are no results.");

// Put new selects in place of old ones; who used one of them goes on with its successor.
function renew(box, ...children) {
  const used = [...box.querySelectorAll("select")].indexOf(document.activeElement);
  box.replaceChildren(...children);
  box.querySelectorAll("select")[used]?.focus();
}

let fields = 0;
function field(label, box, tag = "div.field") {
  box.id = `field-${++fields}`;
  return h(tag, null, h("label", { for: box.id }, label), box);
}

function select(label, value, options, onchange) {
  const box = h("select", { onchange: () => onchange(box.value) },
    options.map(([name, text]) => h("option", { value: name }, text)));
  box.value = value;
  return field(label, box);
}

const metricSelect = (params) =>
  select("Figure", params.get("per") ?? "result", Object.entries(METRICS), (value) =>
    change({ per: value === "result" ? null : value }));

// A spreadsheet takes text that begins like this for a formula, and would run it; the last four are
// the same signs in full width. Without a mark of Unicode it takes names of other scripts for noise.
const plain = (value) =>
  typeof value === "string" && /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/.test(value) ? `'${value}` : `${value ?? ""}`;
const quoted = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
  say(`Downloaded: ${name}`);
}

const DOWNLOADED = [...site.official, "round", "reviewed"];

function downloads(found) {
  const csv = () => "\ufeff" + [
    [...DOWNLOADED, "notice"].join(","),
    ...found().map((row) => [...DOWNLOADED.map((name) => row[name]), noticeOf.get(row.round)]
      .map((value) => quoted(plain(value))).join(",")),
  ].join("\r\n") + "\r\n";
  const json = () => JSON.stringify(found().map((row) => ({
    ...Object.fromEntries(DOWNLOADED.map((name) => [name, row[name]])),
    notice: noticeOf.get(row.round),
  })), null, 1) + "\n";
  const button = (name, type, text) => h("button", {
    type: "button",
    onclick: () => save(`results.${name}`, type, text()),
  }, `Download ${name.toUpperCase()}`);
  return [button("csv", "text/csv", csv), button("json", "application/json", json)];
}

const say = (text) => { document.getElementById("status").textContent = text; };

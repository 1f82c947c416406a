// A plot as a picture: a file of SVG that needs no style sheet, and has the colours of the light theme.
// It is seen without the site, so its title, the notices of its results, and whether a reviewer
// confirmed them stand in it.

const WIDE = 800;
const MARGIN = 24;
const LOOKS = {
  text: ["fill", "font-size", "font-weight", "text-anchor"],
  shape: ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity"],
};
const STEPS = { name: 24, head: 20, axis: 17 }; // from one line of such text to the next

const ruler = document.createElement("canvas").getContext("2d");
const FONTS = { name: "600 18px", head: "600 13px", axis: "12px" }; // as in style.css

function widthOf(text, kind) {
  ruler.font = `${FONTS[kind]} ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width;
}

// The lines of a text; words that are wider than a line are broken.
function wrapped(text, width, kind) {
  const lines = [];
  let line = "";
  const fits = (more) => widthOf(more, kind) <= width;
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line ? `${line} ${word}` : word;
    if (fits(longer)) {
      line = longer;
      continue;
    }
    if (line) lines.push(line);
    line = "";
    for (const sign of fits(word) ? [word] : word) {
      if (line && !fits(line + sign)) {
        lines.push(line);
        line = "";
      }
      line += sign;
    }
  }
  return line ? [...lines, line] : lines;
}

function noticesOf(found) {
  const open = found.filter((row) => !row.reviewed).length;
  const unverified = open === 0 ? [] : [
    `Unverified: no reviewer confirmed ${open < found.length ? "some of " : ""}${found.length === 1 ? "this result" : "these results"}.`];
  return [...unverified, ...new Set(found.map((row) => noticeOf.get(row.round)))];
}

function pictureOf({ title, subtitle, caption, words, results, draw }) {
  const inner = WIDE - 2 * MARGIN;
  const parts = [];
  let y = MARGIN;
  const write = (text, kind) => {
    for (const line of wrapped(text ?? "", inner, kind)) {
      y += STEPS[kind];
      parts.push(svg("text", { x: MARGIN, y: y - 6, class: kind }, line));
    }
  };
  write(title, "name");
  write(subtitle, "axis");
  const plot = draw(inner);
  y += 10;
  parts.push(svg("g", { transform: `translate(${MARGIN} ${y})` }, ...plot.childNodes));
  y += Number(plot.getAttribute("height")) + 6;
  write(caption, "axis");
  y += 6;
  for (const notice of noticesOf(results)) write(notice, "axis");
  const height = y + MARGIN;
  return svg("svg", { width: WIDE, height, viewBox: `0 0 ${WIDE} ${height}`, role: "img" },
    svg("title", {}, title), svg("desc", {}, words),
    svg("rect", { width: WIDE, height, class: "paper" }), ...parts);
}

// Programs that draw SVG read attributes everywhere, and style sheets not always.
function styled(picture) {
  const box = h("div.plot.light.aside", { "aria-hidden": "true" }, picture);
  document.body.append(box);
  picture.setAttribute("font-family", getComputedStyle(box).fontFamily);
  for (const node of picture.querySelectorAll("[class]")) {
    const looks = getComputedStyle(node);
    for (const name of node.localName === "text" ? LOOKS.text : LOOKS.shape)
      node.setAttribute(name, looks.getPropertyValue(name));
    node.removeAttribute("class");
  }
  box.remove();
  return picture;
}

// Signs that XML cannot have, which names may.
const NO_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

function savePicture(plot) {
  const text = new XMLSerializer().serializeToString(styled(pictureOf(plot)));
  const name = plot.title.toLowerCase().replace(/[^\p{L}\p{N}.]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "");
  save(`${[...name].slice(0, 80).join("") || "chart"}.svg`, "image/svg+xml",
    `<?xml version="1.0" encoding="UTF-8"?>\n${text.replace(NO_XML, "\ufffd")}\n`);
}

// Two plots, as SVG of the width that there is. What they show stands in a table beside them too.

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const LEFT = 68;
const RIGHT = 24;
const TOP = 26;
const BOTTOM = 34;
const HEIGHT = 300;

// Round numbers that span values, about five.
function ticks(high) {
  const rough = (high || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  return Array.from({ length: Math.ceil(high / step - 1e-9) + 1 }, (_, i) => i * step);
}

// A line through points, and dots beside it: {x: position 0 to 1, label, y, title}.
function linePlot(label, unit, points, dots = []) {
  const box = h("div.plot", { role: "img", "aria-label": label });
  let drawn = 0;
  const draw = () => {
    const width = Math.max(260, Math.min(box.clientWidth || 640, 960));
    if (width === drawn) return;
    drawn = width;
    const marksY = ticks(Math.max(...points.concat(dots).map((each) => each.y)));
    const high = marksY.at(-1);
    const x = (at) => LEFT + at * (width - LEFT - RIGHT);
    const y = (value) => HEIGHT - BOTTOM - (value / high) * (HEIGHT - TOP - BOTTOM);
    const parts = [svg("text", { x: 4, y: 14, class: "axis" }, unit)];
    for (const value of marksY) {
      parts.push(svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), class: "grid" }));
      parts.push(svg("text", { x: LEFT - 8, y: y(value) + 4, class: "axis end" }, number(value)));
    }
    let free = -Infinity; // labels that would stand on each other are left out
    points.forEach((each, i) => {
      const half = each.label.length * 3.6 + 4;
      const last = i === points.length - 1;
      const lastStart = x(points.at(-1).x) - points.at(-1).label.length * 3.6 - 8;
      if (x(each.x) - half < free || (!last && x(each.x) + half > lastStart)) return;
      parts.push(svg("text", { x: x(each.x), y: HEIGHT - 12, class: "axis middle" }, each.label));
      free = x(each.x) + half;
    });
    parts.push(...dots.map((each) => svg("circle", { cx: x(each.x), cy: y(each.y), r: 3, class: "dot" })));
    const path = points.map((each) => `${x(each.x)},${y(each.y)}`).join(" ");
    parts.push(svg("polyline", { points: path, class: "line" }));
    parts.push(...points.map((each) =>
      svg("circle", { cx: x(each.x), cy: y(each.y), r: 4.5, class: "point" },
        svg("title", {}, each.title))));
    box.replaceChildren(
      svg("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" },
        ...parts));
  };
  new ResizeObserver(draw).observe(box);
  return box;
}

// A bar for a share of the largest; the figure itself stands beside it.
function bar(share) {
  const inner = h("div.bar");
  inner.style.width = `${Math.max(1, share * 100)}%`;
  return h("div.bars", { "aria-hidden": "true" }, inner);
}

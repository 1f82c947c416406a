// Plots, as SVG of the width that there is. What they show stands in a table beside them too.

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const LEFT = 68;
const RIGHT = 24;
const TOP = 26;
const BOTTOM = 52;
const HEIGHT = 318;

// Round numbers that span values, about five.
function ticks(high) {
  const rough = (high || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  return Array.from({ length: Math.ceil(high / step - 1e-9) + 1 }, (_, i) => i * step);
}

function drawing(width, height, parts) {
  return svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...parts);
}

// A plot with what explains it, and a button that takes it away. Of a plot there are: its title, a
// subtitle and a caption, which may be absent; what it shows, in words; the results that it shows;
// and the function that draws it in a width.
function chart(plot, heading, ...beside) {
  const box = h("div.plot", { role: "img", "aria-label": plot.words });
  let drawn = 0;
  const draw = () => {
    const width = Math.max(260, Math.min(box.clientWidth || 640, 960));
    if (width === drawn) return;
    drawn = width;
    box.replaceChildren(plot.draw(width));
  };
  // A frame later: a drawing changes the box, which an observer may not while it is told of the box.
  new ResizeObserver(() => requestAnimationFrame(draw)).observe(box);
  return h("figure", null, heading, box, plot.caption ? h("figcaption", null, plot.caption) : null,
    ...beside, h("p.buttons", null, h("button", { type: "button", onclick: () => savePicture(plot) },
      "Download SVG", h("span.unseen", null, ` of: ${plot.title}`))));
}

// What draws a line through points, and dots beside it: {x: position 0 to 1, label, y, title};
// the unit of y, and what x is, stand at the axes.
function linePlot(unit, across, points, dots = []) {
  return (width) => {
    const marksY = ticks(Math.max(...points.concat(dots).map((each) => each.y)));
    const high = marksY.at(-1);
    const x = (at) => LEFT + at * (width - LEFT - RIGHT);
    const y = (value) => HEIGHT - BOTTOM - (value / high) * (HEIGHT - TOP - BOTTOM);
    const parts = [svg("text", { x: 0, y: 14, class: "axis" }, unit),
      svg("text", { x: x(0.5), y: HEIGHT - 8, class: "axis middle" }, across)];
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
      parts.push(svg("text", { x: x(each.x), y: HEIGHT - BOTTOM + 20, class: "axis middle" }, each.label));
      free = x(each.x) + half;
    });
    parts.push(...dots.map((each) => svg("circle", { cx: x(each.x), cy: y(each.y), r: 3, class: "dot" })));
    const path = points.map((each) => `${x(each.x)},${y(each.y)}`).join(" ");
    parts.push(svg("polyline", { points: path, class: "line" }));
    parts.push(...points.map((each) =>
      svg("circle", { cx: x(each.x), cy: y(each.y), r: 4.5, class: "point" },
        svg("title", {}, each.title))));
    return drawing(width, HEIGHT, parts);
  };
}

// What draws bars from 0, each below its name, in groups: {head, bars: {name, value}}.
function barPlot(unit, groups, shown) {
  return (width) => {
    const marks = ticks(Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ value }) => value))));
    const x = (value) => 1 + (value / marks.at(-1)) * (width - 80); // the rest is for the last figure
    const top = TOP + 20;
    let y = top;
    const parts = [];
    const write = (text, kind) => {
      for (const line of wrapped(text, width - 4, kind))
        parts.push(svg("text", { x: 1, y: (y += STEPS[kind]) - 4, class: kind }, line));
    };
    for (const { head, bars } of groups) {
      y += 8;
      write(head, "head");
      for (const { name, value } of bars) {
        write(name, "axis");
        parts.push(svg("rect", { x: x(0), y, width: x(value) - x(0), height: 12, class: "fill" }));
        parts.push(svg("text", { x: x(value) + 5, y: y + 10, class: "axis" }, shown(value)));
        y += 16;
      }
    }
    const upright = (value, kind) => svg("line", { x1: x(value), x2: x(value), y1: top, y2: y, class: kind });
    return drawing(width, y, [svg("text", { x: 1, y: 14, class: "axis" }, unit),
      ...marks.flatMap((value) => [upright(value, "grid"),
        svg("text", { x: x(value), y: top - 8, class: value ? "axis middle" : "axis" }, number(value))]),
      upright(1, "base"), ...parts]);
  };
}

// A bar for a share of the largest; the figure itself stands beside it.
function bar(share) {
  const inner = h("div.bar");
  inner.style.width = `${Math.max(1, share * 100)}%`;
  return h("div.bars", { "aria-hidden": "true" }, inner);
}

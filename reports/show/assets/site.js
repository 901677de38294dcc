"use strict";
/* The report's pages: tables that sort and filter, a table of all rows that leafs, charts that zoom, lines that light up.
   Data come from classic scripts (window.parityRows, window.parityRuns); packed.py says how they are packed. */

const TYPES = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i16: Int16Array, i32: Int32Array, f32: Float32Array, f64: Float64Array };
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

async function inflated(text) {
  const stream = new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

function unpacked(column) {
  if (column.words) return Array.from(unpacked(column.codes), (code) => column.words[code]);
  return new TYPES[column.type](bytes(column.data).buffer);
}

const apart = (ours, theirs) => Float64Array.from(ours, (value, at) => Math.abs(value - theirs[at]));
const NUMBERS = new Intl.NumberFormat("en");
const whole = (value) => (value < 0 ? "" : NUMBERS.format(value)); // -1: it concerns the whole training
const exact = (value) => (Number.isNaN(value) ? "" : Number.isFinite(value) ? String(value) : value > 0 ? "∞" : "−∞");
function rough(value) {
  if (!Number.isFinite(value) || value === 0) return exact(value);
  const size = Math.abs(value);
  const short = Number(value.toPrecision(3));
  return size >= 0.001 && size < 10000 ? String(short) : short.toExponential();
}
const WRITTEN = { word: String, whole, rough, exact };
const escaped = (text) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

/* Small tables, whose rows are in the page. */
function sortable(table) {
  const filtered = table.tBodies[0].rows.length > 8;
  const layout = { topStart: null, topEnd: filtered ? "search" : null, bottomStart: null, bottomEnd: null };
  new DataTable(table, { paging: false, order: [], layout, autoWidth: false, language: LANGUAGE });
}
const LANGUAGE = { search: "Filter: ", lengthMenu: "_MENU_ rows a page", emptyTable: "no rows", zeroRecords: "no such row" };

/* All rows of a case: only those of one page are in the document. */
function rowsTable(section, { rows, columns }) {
  const values = Object.fromEntries(columns.map(({ name, values }) => [name, values && unpacked(values)]));
  values.difference = apart(values.scratch, values.reference);
  const shown = columns.map(({ name, title, kind }) => ({
    title,
    type: kind === "word" ? "string" : "num",
    className: kind === "word" ? (name === "says" ? "w" : "") : "n",
    searchable: kind === "word",
    data: (row, use) => {
      const value = values[name][row.at];
      if (kind !== "word" && (use === "sort" || use === "type")) return Number.isNaN(value) ? -Infinity : value;
      const text = WRITTEN[kind](value);
      return use === "display" ? escaped(text) : text;
    },
  }));
  const table = new DataTable(section.querySelector("table"), {
    data: Array.from({ length: rows }, (_, at) => ({ at })),
    columns: shown,
    order: [],
    pageLength: 25,
    lengthMenu: [25, 100, 500],
    autoWidth: false,
    language: LANGUAGE,
  });
  for (const select of section.querySelectorAll("select[data-column]")) {
    const name = select.dataset.column;
    if (!values[name]) select.closest("label").hidden = true;
    else for (const word of new Set(values[name])) select.add(new Option(word || "the training", `=${word}`));
  }
  const least = section.querySelector("input[data-least]");
  const passing = new Set(["exact", "close"]);
  const filter = () => {
    const wanted = [...section.querySelectorAll("select[data-column]")].filter((one) => one.value);
    table.search.fixed("choices", (_, row) => wanted.every(({ dataset, value }) => {
      const word = values[dataset.column][row.at];
      return value === "!" ? !passing.has(word) : value === `=${word}`;
    }) && !(least.value && !(values.used[row.at] >= Number(least.value))));
    table.draw();
  };
  section.querySelector("form").addEventListener("input", filter);
  section.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  if (section.querySelector("select[data-column=status]").value) filter();
}

/* Charts: one for each measure, all with the same epochs, the same zoom and the same pointer. */
function explorer(section, { epochs, charts }) {
  const form = section.querySelector("form");
  const { from, to, at, xAxis, yAxis } = form.elements;
  const last = epochs - 1;
  const every = Float64Array.from({ length: epochs }, (_, epoch) => epoch);
  const read = (chart, { values }) => unpacked(values ?? chart.series[0].values); // none: the same as the first's
  const loss = charts.find((chart) => chart.name === "loss");
  const gap = apart(...loss.series.map((one) => read(loss, one)));
  const all = charts.map((chart) => ({
    ...chart,
    x: chart.at ? Array.from(unpacked(chart.at)) : every,
    words: chart.words && unpacked(chart.words),
    lines: chart.series.map((one, number) => ({ label: one.label, values: chart.name === "difference" && !number ? gap : read(chart, one) })),
    band: chart.band && { ...chart.band, low: unpacked(chart.band.low), high: unpacked(chart.band.high) },
    root: section.querySelector(`[data-chart=${chart.name}]`),
  }));
  const ink = (name) => getComputedStyle(section).getPropertyValue(name).trim();
  let drawn = [];

  function draw() {
    drawn.forEach((plot) => plot.destroy());
    drawn = all.map((chart) => plotted(chart));
    zoom(Number(from.value), Number(to.value));
  }

  function plotted(chart) {
    const positive = chart.lines.some(({ values }) => values.some((value) => value > 0));
    const log = positive && (yAxis.value === "log" || (yAxis.value === "own" && chart.log));
    const finite = chart.lines.flatMap(({ values }) => Array.from(values)).filter(Number.isFinite);
    const top = 10 * finite.reduce((most, value) => Math.max(most, value), 1); // where infinitely many allowances are drawn
    const kept = (values) => Array.from(values, (value) => {
      if (chart.limit && value === Infinity) return top;
      return Number.isFinite(value) && (!log || value > 0) ? value : null;
    });
    const colors = [ink("--scratch"), ink("--reference")];
    const series = [{}];
    const data = [chart.x];
    if (chart.band) {
      for (const values of [chart.band.high, chart.band.low]) {
        series.push({ stroke: "transparent", points: { show: false } });
        data.push(kept(values));
      }
    }
    chart.lines.forEach(({ values }, number) => {
      const color = colors[number];
      const curve = { stroke: color, width: number ? 1.5 : 3.5, dash: number ? [6, 6] : [], points: { show: epochs < 60 } };
      series.push(chart.dots ? { fill: color, paths: dots, points: { show: false } } : curve);
      data.push(kept(values));
    });
    if (chart.dots) series.push(series.splice(1, 1)[0]), data.push(data.splice(1, 1)[0]); // the first is drawn last
    const line = { stroke: ink("--line"), width: 1 };
    const axis = { stroke: ink("--ink"), grid: line, ticks: line };
    const place = chart.root.querySelector(".plot");
    const options = {
      width: place.clientWidth,
      height: chart.dots || chart.name !== "loss" ? 170 : 250,
      series,
      bands: chart.band ? [{ series: [1, 2], fill: ink("--band") }] : [],
      scales: { x: { time: false, distr: xAxis.value === "log" ? 4 : 1, asinh: 1, range: (_, low, high) => [low, high] }, y: { distr: log ? 3 : 1 } },
      axes: [
        { ...axis, size: 34, space: 60, values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? whole(tick) : "")) },
        { ...axis, size: 70, ...(log && { grid: { ...line, filter: decades }, ticks: { ...line, filter: decades } }), values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : rough(tick))) },
      ],
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => () => zoom(0, last) }, points: { show: !chart.dots } },
      hooks: {
        setSelect: [(plot) => {
          const { left, width } = plot.select;
          if (width > 2) zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        }],
        setCursor: [(plot) => { if (plot.cursor.event && plot.cursor.left >= 0) point(plot.posToVal(plot.cursor.left, "x"), plot); }],
        draw: chart.limit ? [(plot) => limit(plot, chart.limit)] : [],
      },
    };
    return new uPlot(options, data, place);
  }

  /* Of a log axis that spans many powers of ten, the powers alone. */
  function decades(plot, splits) {
    const { min, max } = plot.scales.y;
    return max / min < 1e4 ? splits : splits.map((split) => (Number.isInteger(Math.round(Math.log10(split) * 1e9) / 1e9) ? split : null));
  }

  /* One square for each pixel that holds a value, however many epochs fall on it. */
  function dots(plot, number, first, end) {
    const path = new Path2D();
    const size = 3 * devicePixelRatio;
    const taken = new Set();
    for (let k = first; k <= end; k++) {
      const value = plot.data[number][k];
      if (value === null) continue;
      const x = Math.round(plot.valToPos(plot.data[0][k], "x", true));
      const y = Math.round(plot.valToPos(value, "y", true));
      if (taken.size === taken.add(x * 65536 + y).size) continue;
      path.rect(x - size / 2, y - size / 2, size, size);
    }
    return { fill: path };
  }

  function limit(plot, value) {
    const y = plot.valToPos(value, "y", true);
    if (!(y >= plot.bbox.top && y <= plot.bbox.top + plot.bbox.height)) return;
    plot.ctx.fillStyle = ink("--bad");
    plot.ctx.fillRect(plot.bbox.left, y - 1, plot.bbox.width, 2);
  }

  function zoom(low, high) {
    const start = Math.max(0, Math.min(Math.floor(low), last - 1));
    const end = Math.min(last, Math.max(Math.ceil(high), start + 1));
    [from.value, to.value] = [start, end];
    drawn.forEach((plot) => plot.setScale("x", { min: start, max: end }));
    point(Math.max(start, Math.min(Number(at.value), end)));
  }

  /* Writes every chart's exact values at an epoch, and moves the pointer of all charts but the one it came from. */
  function point(where, source) {
    const epoch = Math.max(0, Math.min(Math.round(where), last));
    at.value = epoch;
    const said = all.map((chart, number) => {
      const plot = drawn[number];
      if (plot !== source) {
        const { min, max } = plot.scales.x;
        const left = epoch >= min && epoch <= max ? plot.valToPos(epoch, "x") : -10;
        plot.setCursor({ left, top: 0 }, false);
      }
      return reading(chart, epoch);
    });
    section.querySelector("[data-epoch]").textContent = whole(epoch);
    at.setAttribute("aria-valuetext", `epoch ${epoch}: ${said.filter(Boolean).join("; ")}`);
  }

  function reading(chart, epoch) {
    let index = epoch;
    if (chart.at) for (index = chart.x.length - 1; index > 0 && chart.x[index] > epoch; ) index--;
    const texts = chart.lines.map(({ values }) => (chart.dots ? rough : exact)(values[index]) || "none");
    if (chart.words) texts[0] += ` (${chart.words[index]}, epoch ${whole(chart.x[index])})`;
    if (chart.band) texts.push(`${exact(chart.band.low[index])} to ${exact(chart.band.high[index])}`);
    chart.root.querySelectorAll("output").forEach((output, number) => { output.textContent = texts[number]; });
    return chart.name === "used" ? "" : `${chart.title} ${texts.join(", ")}`;
  }

  const span = () => Number(to.value) - Number(from.value);
  const center = () => Math.min(Math.max(Number(at.value), Number(from.value)), Number(to.value));
  const BUTTONS = {
    in: () => zoom(center() - span() / 4, center() + span() / 4),
    out: () => {
      const [low, high] = [Number(from.value) - span() / 2, Number(to.value) + span() / 2];
      zoom(low - Math.max(0, high - last), high - Math.min(0, low)); // what lies beyond an end is added at the other
    },
    all: () => zoom(0, last),
  };
  form.addEventListener("click", (event) => BUTTONS[event.target.dataset.zoom]?.());
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    if (event.target === from || event.target === to) zoom(Number(from.value), Number(to.value));
    else if (event.target !== at) draw();
  });
  at.addEventListener("input", () => point(Number(at.value)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new ResizeObserver(() => all.forEach((chart, number) => {
    const width = chart.root.querySelector(".plot").clientWidth;
    if (width && width !== drawn[number].width) drawn[number].setSize({ width, height: drawn[number].height });
  })).observe(section);
  draw();
}

/* Code: the arrow keys go from pair to pair of lines. */
function pairs(list) {
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const next = step && event.target.closest("li")[step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

async function begin() {
  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll(".pairs").forEach(pairs);
  if (window.parityRuns) explorer(document.querySelector("#curves"), await inflated(window.parityRuns));
  if (window.parityRows) rowsTable(document.querySelector("#rows"), await inflated(window.parityRows));
  document.documentElement.dataset.ready = performance.now(); // milliseconds since the page was asked for
}
begin();

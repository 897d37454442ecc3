import { scaleLinear, scaleUtc } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { AnsweredLine, AnsweredPanel, AnsweredRow, TimeRange } from './dashboard-answers.ts';
import type { Panel } from './dashboard-panels.ts';
import { inUnit, unitBase } from './dashboard-units.ts';

/** Of one of Grafana's 24 columns, and of one of its units of height. */
const column = 62;
const unitHeight = 30;
const headHeight = 30;
const gap = 8;
const palette = [
  '#3274d9',
  '#e0752d',
  '#56a64b',
  '#a352cc',
  '#e02f44',
  '#f2cc0c',
  '#37a2a2',
  '#8f8f8f',
  '#b877d9',
  '#7d4e24',
];
const stateColours = { green: '#37872d', orange: '#e0752d', red: '#c4162a' } as const;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The dashboard's panels with a real run's numbers, as SVG: what Grafana shows of them, without Grafana. */
export function drawDashboard(answered: readonly AnsweredRow[], range: TimeRange): string {
  const parts: string[] = [];
  let y = gap;
  for (const { row, panels } of answered) {
    parts.push(text({ x: gap, y: y + 19 }, row.title, 'font-size="15" font-weight="600"'));
    y += headHeight;
    let x = gap;
    for (const answer of panels) {
      const box = { x, y, width: answer.panel.width * column - gap, height: row.height * unitHeight - gap };
      parts.push(drawPanel(answer, box, range));
      x += answer.panel.width * column;
    }
    y += row.height * unitHeight;
  }
  const width = 24 * column + gap;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" font-family="Inter, Helvetica, Arial, sans-serif" font-size="11" fill="#24292e">`,
    '<title>The dashboard of ceph-openstack-operator</title>',
    `<rect width="${width}" height="${y}" fill="#f4f5f5"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function drawPanel(answer: AnsweredPanel, box: Box, range: TimeRange): string {
  const { x, y, width, height } = box;
  const { title, type } = answer.panel;
  const inner = { x: x + 10, y: y + 26, width: width - 20, height: height - 34 };
  const draw = { stat: drawStat, table: drawTable, timeseries: drawGraph }[type];
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="3" fill="#fff" stroke="#d8dadd"/>`,
    text({ x: x + 10, y: y + 17 }, title, 'font-weight="600"'),
    draw(answer, inner, range),
  ].join('\n');
}

function drawStat({ panel, lines }: AnsweredPanel, { x, y, width, height }: Box): string {
  const value = Number(lines[0]?.series.value?.[1]);
  const colour = (panel.colours ?? []).findLast(([from]) => from === null || value >= from)?.[1] ?? 'green';
  const style = `font-size="34" font-weight="600" text-anchor="middle" fill="${stateColours[colour]}"`;
  return text({ x: x + width / 2, y: y + height / 2 + 10 }, inUnit(value, panel.unit), style);
}

function drawTable({ panel, lines }: AnsweredPanel, { x, y, width, height }: Box): string {
  const columns = ['Kind', 'Object', 'Reason', 'State', 'For'];
  const at = [0, 0.23, 0.52, 0.75, 0.9].map((share) => x + share * width);
  const row = (cells: readonly string[], index: number, style = '') =>
    cells.map((cell, place) => text({ x: at[place] ?? x, y: y + 14 + index * 20 }, cell, style)).join('\n');
  const found = lines.slice(0, Math.floor(height / 20) - 1).map(({ series: { metric, value } }, index) => {
    const { kind = '', object = '', reason = '', state = '' } = metric;
    return row([kind, object, reason, state, inUnit(Number(value?.[1]), panel.unit)], index + 1);
  });
  if (found.length === 0) return text({ x, y: y + 14 }, panel.none ?? 'No data');
  return [row(columns, 0, 'fill="#6e7781"'), ...found].join('\n');
}

type Point = readonly [seconds: number, low: number, high: number];

function drawGraph({ panel, lines }: AnsweredPanel, box: Box, range: TimeRange): string {
  const legendHeight = 34;
  const plot = { x: box.x + 46, y: box.y + 4, width: box.width - 46, height: box.height - legendHeight - 20 };
  const layers = panel.stacked === true ? stack(lines) : lines.map(({ series }) => pointsOf(series.values ?? []));
  const highest = Math.max(0, ...layers.flat().map(([, , high]) => (Number.isFinite(high) ? high : 0)));
  const across = scaleUtc([range.from * 1000, range.to * 1000], [plot.x, plot.x + plot.width]);
  // In the unit that is shown, so that the ticks are round there.
  const base = unitBase(highest, panel.unit);
  const shown = scaleLinear([0, highest === 0 ? 1 : (highest / base) * 1.05], [plot.y + plot.height, plot.y]);
  const up = (value: number) => shown(value / base);
  return [
    ...shown.ticks(4).map((tick) => {
      const y = shown(tick).toFixed(1);
      const label = text(
        { x: plot.x - 6, y: Number(y) + 4 },
        inUnit(tick * base, panel.unit),
        'text-anchor="end" fill="#6e7781"',
      );
      return `<path d="M${plot.x},${y}h${plot.width}" stroke="#e8e9ea"/>${label}`;
    }),
    ...across
      .ticks(Math.floor(plot.width / 110))
      .map((tick) =>
        text(
          { x: across(tick), y: plot.y + plot.height + 15 },
          tick.toISOString().slice(11, 16),
          'text-anchor="middle" fill="#6e7781"',
        ),
      ),
    ...layers.map((points, index) => drawLayer(points, panel, colourOf(index), across, up)),
    drawLegend(lines, { x: box.x, y: plot.y + plot.height + 30, width: box.width, height: legendHeight }),
  ].join('\n');
}

function drawLayer(
  points: readonly Point[],
  { stacked = false }: Panel,
  colour: string,
  across: (value: number) => number,
  up: (value: number) => number,
): string {
  const isDefined = ([, , high]: Point) => Number.isFinite(high);
  const x = ([seconds]: Point) => across(seconds * 1000);
  const top = line<Point>(x, ([, , high]) => up(high))
    .defined(isDefined)
    .digits(1)([...points]);
  const body = area<Point>(
    x,
    ([, low]) => up(low),
    ([, , high]) => up(high),
  )
    .defined(isDefined)
    .digits(1)([...points]);
  const fill = stacked ? `<path d="${body ?? ''}" fill="${colour}" fill-opacity="0.3"/>` : '';
  return `${fill}<path d="${top ?? ''}" fill="none" stroke="${colour}" stroke-width="1.4"/>`;
}

function drawLegend(lines: readonly AnsweredLine[], { x, y, width }: Box): string {
  const parts: string[] = [];
  let at = x;
  let row = 0;
  for (const [index, { name }] of lines.entries()) {
    const needed = 24 + name.length * 6.8;
    if (at > x && at + needed > x + width) {
      at = x;
      row += 1;
    }
    if (row > 1 || (row === 1 && at + needed + 60 > x + width && index < lines.length - 1)) {
      parts.push(
        text({ x: row > 1 ? x + width - 60 : at, y: y + 16 }, `+ ${lines.length - index} more`, 'fill="#6e7781"'),
      );
      break;
    }
    parts.push(`<rect x="${at}" y="${y + row * 16 - 5}" width="12" height="3" fill="${colourOf(index)}"/>`);
    parts.push(text({ x: at + 16, y: y + row * 16 }, name));
    at += needed;
  }
  return parts.join('\n');
}

function pointsOf(values: NonNullable<AnsweredLine['series']['values']>): readonly Point[] {
  return values.map(([seconds, value]) => [seconds, 0, Number(value)] as const);
}

/** Each upon those before it; where a series has no value it counts as nothing. */
function stack(lines: readonly AnsweredLine[]): readonly (readonly Point[])[] {
  const heights = new Map<number, number>();
  return lines.map(({ series }) =>
    pointsOf(series.values ?? []).map(([seconds, , own]) => {
      const low = heights.get(seconds) ?? 0;
      const high = low + (Number.isFinite(own) ? own : 0);
      heights.set(seconds, high);
      return [seconds, low, high] as const;
    }),
  );
}

function colourOf(index: number): string {
  return palette[index % palette.length] ?? '#000';
}

function text({ x, y }: { readonly x: number; readonly y: number }, words: string, style = ''): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${style}>${escaped}</text>`;
}

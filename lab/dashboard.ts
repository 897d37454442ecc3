import { type Panel, rows } from './dashboard-panels.ts';

/** Grafana's own number for the shape below; newer ones migrate it. */
const schemaVersion = 42;
const datasource = { type: 'prometheus', uid: '$datasource' };

/** The dashboard as Grafana imports it. */
export function renderDashboard(): string {
  return `${JSON.stringify(dashboard(), undefined, 2)}\n`;
}

function dashboard() {
  const panels: object[] = [];
  let y = 0;
  for (const { title, height, panels: members } of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: 24, h: 1 },
    });
    let x = 0;
    for (const panel of members) {
      panels.push(grafanaPanel(panel, panels.length + 1, { x, y: y + 1, w: panel.width, h: height }));
      x += panel.width;
    }
    y += height + 1;
  }
  return {
    uid: 'ceph-openstack-operator',
    title: 'Ceph and OpenStack',
    description: 'What ceph-openstack-operator keeps, what it did, and how the world answers.',
    tags: ['ceph', 'openstack'],
    schemaVersion,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    timepicker: {},
    annotations: { list: [] },
    links: [],
    templating: { list: variables },
    panels,
  };
}

const variables = [
  {
    name: 'datasource',
    label: 'Data source',
    type: 'datasource',
    query: 'prometheus',
    regex: '',
    refresh: 1,
    hide: 0,
    multi: false,
    includeAll: false,
    options: [],
  },
  {
    name: 'job',
    label: 'Operator',
    type: 'query',
    datasource,
    definition: 'label_values(cephopenstack_objects, job)',
    query: { query: 'label_values(cephopenstack_objects, job)', refId: 'job' },
    regex: '',
    refresh: 2,
    sort: 1,
    hide: 0,
    multi: true,
    includeAll: true,
    allValue: '.+',
    options: [],
    current: { selected: true, text: ['All'], value: ['$__all'] },
  },
];

function grafanaPanel(panel: Panel, id: number, gridPos: object): object {
  const { title, description, type, unit, queries, none } = panel;
  return {
    id,
    type,
    title,
    description,
    datasource,
    gridPos,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      editorMode: 'code',
      expr,
      ...(legend === undefined ? {} : { legendFormat: legend }),
      ...(type === 'timeseries'
        ? { range: true, instant: false }
        : { range: false, instant: true, format: type === 'table' ? 'table' : 'time_series' }),
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(none === undefined ? {} : { noValue: none }),
        ...(type === 'timeseries' ? { min: 0, custom: lines(panel) } : {}),
        thresholds: {
          mode: 'absolute',
          steps: (panel.colours ?? [[null, 'green'] as const]).map(([value, color]) => ({ value, color })),
        },
      },
      overrides: [],
    },
    ...(type === 'table' ? { transformations: [columns] } : {}),
    options: options[type],
  };
}

function lines({ stacked = false }: Panel): object {
  return {
    drawStyle: 'line',
    lineInterpolation: 'linear',
    lineWidth: 1,
    fillOpacity: stacked ? 30 : 10,
    showPoints: 'never',
    spanNulls: false,
    stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
  };
}

/** What Prometheus calls the value is told as what it is. */
const columns = {
  id: 'organize',
  options: {
    excludeByName: { Time: true },
    indexByName: { kind: 0, object: 1, reason: 2, state: 3, Value: 4 },
    renameByName: { kind: 'Kind', object: 'Object', reason: 'Reason', state: 'State', Value: 'For' },
  },
};

const options: Readonly<Record<Panel['type'], object>> = {
  stat: {
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    colorMode: 'value',
    graphMode: 'none',
    justifyMode: 'auto',
    orientation: 'auto',
    textMode: 'auto',
  },
  table: { showHeader: true, cellHeight: 'sm' },
  timeseries: {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
};

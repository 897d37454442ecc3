/** One query of a panel. `$job` and `$__rate_interval` are filled in by whoever asks. */
export interface Query {
  readonly expr: string;
  /** As Grafana has it: `{{kind}}`. */
  readonly legend?: string;
}

/** A panel of the dashboard. Units are Grafana's words. */
export interface Panel {
  readonly title: string;
  /** What it tells, and what to think of it. */
  readonly description: string;
  readonly type: 'stat' | 'table' | 'timeseries';
  readonly unit: 'short' | 'percentunit' | 's' | 'ops' | 'bytes' | 'dtdurations';
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width: number;
  readonly stacked?: boolean;
  /** Of a stat: from which value on it has which colour; the first holds from the beginning. */
  readonly colours?: readonly (readonly [from: number | null, colour: 'green' | 'orange' | 'red'])[];
  /** Shown where there is no data. */
  readonly none?: string;
}

export interface Row {
  readonly title: string;
  readonly height: number;
  readonly panels: readonly Panel[];
}

const ours = 'job=~"$job"';
const loops = `${ours}, controller=~"cephopenstackbinding|rbdpool|cephclientauth|cephopenstackhost"`;
const per = '[$__rate_interval]';

function stat(title: string, description: string, expr: string, more: Partial<Panel> = {}): Panel {
  return { title, description, type: 'stat', unit: 'short', queries: [{ expr }], width: 4, ...more };
}

function graph(title: string, description: string, queries: readonly Query[], more: Partial<Panel> = {}): Panel {
  return { title, description, type: 'timeseries', unit: 'short', queries, width: 8, ...more };
}

const goodAtZero = [
  [null, 'green'],
  [1, 'red'],
] as const;

/** The dashboard, from what one looks at first to what one looks at last. */
export const rows: readonly Row[] = [
  {
    title: 'Now',
    height: 4,
    panels: [
      stat(
        'Objects that are Ready',
        'Of all bindings, pools, users and hosts.',
        `sum(cephopenstack_objects{${ours}, condition="Ready", status="True"}) / sum(cephopenstack_objects{${ours}, condition="Ready"})`,
        {
          unit: 'percentunit',
          colours: [
            [null, 'red'],
            [0.9, 'orange'],
            [1, 'green'],
          ],
        },
      ),
      stat(
        'Stalled',
        'Objects that wait for a person.',
        `sum(cephopenstack_objects{${ours}, condition="Stalled", status="True"})`,
        { colours: goodAtZero },
      ),
      stat(
        'Hosts that do not answer',
        'They get what they miss when they are back.',
        `sum(cephopenstack_hosts{${ours}, state="unreachable"})`,
        { colours: goodAtZero },
      ),
      stat(
        'Replicas that lead',
        'One at any time.',
        `sum(leader_election_master_status{${ours}, name="ceph-openstack-operator"})`,
        {
          colours: [
            [null, 'red'],
            [1, 'green'],
            [2, 'red'],
          ],
        },
      ),
      stat('Planned steps', 'What mode Plan holds back.', `sum(cephopenstack_planned_steps{${ours}})`),
      stat(
        'Age of the oldest key',
        'Of all cephx users that are kept.',
        `time() - min(cephopenstack_oldest_key_created_timestamp_seconds{${ours}})`,
        {
          unit: 'dtdurations',
          colours: [
            [null, 'green'],
            [180 * 86_400, 'orange'],
            [365 * 86_400, 'red'],
          ],
        },
      ),
    ],
  },
  {
    title: 'What is not Ready',
    height: 7,
    panels: [
      {
        title: 'Not Ready, longest first',
        description: 'At most 100 objects. Their messages: kubectl get cephopenstack -A -o wide.',
        type: 'table',
        unit: 'dtdurations',
        queries: [
          {
            expr: `sort_desc(time() - max by (kind, object, reason, state) (cephopenstack_not_ready_since_timestamp_seconds{${ours}}))`,
          },
        ],
        width: 12,
        none: 'All is Ready.',
      },
      graph(
        'Not Ready by kind',
        'Objects that are not Ready, or were never looked at.',
        [
          {
            expr: `sum by (kind) (cephopenstack_objects{${ours}, condition="Ready", status!="True"})`,
            legend: '{{kind}}',
          },
        ],
        { width: 6, stacked: true },
      ),
      graph(
        'Hosts by state',
        'Planned: in mode Plan with something to do.',
        [{ expr: `sum by (state) (cephopenstack_hosts{${ours}})`, legend: '{{state}}' }],
        { width: 6, stacked: true },
      ),
    ],
  },
  {
    title: 'What is done to the world',
    height: 7,
    panels: [
      graph(
        'Drift found',
        'Objects that were in order and had been changed by somebody. A settled world has none.',
        [{ expr: `sum by (kind) (increase(cephopenstack_drift_found_total{${ours}}${per}))`, legend: '{{kind}}' }],
        { stacked: true },
      ),
      graph(
        'Drift repaired',
        'What of it was put right at once; events DriftRepaired say what.',
        [{ expr: `sum by (kind) (increase(cephopenstack_drift_repaired_total{${ours}}${per}))`, legend: '{{kind}}' }],
        { stacked: true },
      ),
      graph('Steps', 'Single actions in Ceph, on hosts and in Kubernetes. A settled world has none.', [
        {
          expr: `sum by (kind, result) (increase(cephopenstack_steps_total{${ours}}${per}))`,
          legend: '{{kind}} {{result}}',
        },
      ]),
    ],
  },
  {
    title: 'How the world answers',
    height: 7,
    panels: [
      graph(
        'Calls to Ceph, 95th percentile',
        'By command. A change of the map of OSDs takes about a second.',
        [
          {
            expr: `histogram_quantile(0.95, sum by (le, command) (rate(cephopenstack_ceph_call_seconds_bucket{${ours}}${per})))`,
            legend: '{{command}}',
          },
        ],
        { unit: 's' },
      ),
      graph(
        'Calls to Ceph by result',
        'Refused: Ceph said no, which may be an answer like any other. Failed: it did not answer.',
        [
          {
            expr: `sum by (result) (rate(cephopenstack_ceph_call_seconds_count{${ours}}${per}))`,
            legend: '{{result}}',
          },
        ],
        { unit: 'ops' },
      ),
      graph(
        'Scripts on hosts, 95th percentile',
        'Without the login. What installs packages takes minutes.',
        [
          {
            expr: `histogram_quantile(0.95, sum by (le, script) (rate(cephopenstack_ssh_exec_seconds_bucket{${ours}}${per})))`,
            legend: '{{script}}',
          },
        ],
        { unit: 's' },
      ),
    ],
  },
  {
    title: 'Keys',
    height: 6,
    panels: [
      graph(
        'Users by type of key',
        'Aes256k needs librados 19.2.6, 20.2.4 or newer on every host and in every guest.',
        [{ expr: `sum by (user, type) (cephopenstack_keys{${ours}})`, legend: '{{user}} {{type}}' }],
        { width: 12, stacked: true },
      ),
      graph(
        'Age of keys',
        'The oldest of each.',
        [
          {
            expr: `time() - min by (user) (cephopenstack_oldest_key_created_timestamp_seconds{${ours}})`,
            legend: '{{user}}',
          },
        ],
        { width: 12, unit: 'dtdurations' },
      ),
    ],
  },
  {
    title: 'The loop',
    height: 7,
    panels: [
      graph(
        'Passes by result',
        'Each object is looked at again and again: requeue_after.',
        [
          {
            expr: `sum by (result) (rate(controller_runtime_reconcile_total{${loops}}${per}))`,
            legend: '{{result}}',
          },
        ],
        { unit: 'ops', stacked: true },
      ),
      graph(
        'Length of passes, 95th percentile',
        'By controller.',
        [
          {
            expr: `histogram_quantile(0.95, sum by (le, controller) (rate(controller_runtime_reconcile_time_seconds_bucket{${loops}}${per})))`,
            legend: '{{controller}}',
          },
        ],
        { unit: 's' },
      ),
      graph('Keys that wait for a worker', 'By controller.', [
        { expr: `sum by (controller) (workqueue_depth{${loops}})`, legend: '{{controller}}' },
      ]),
    ],
  },
  {
    title: 'The process',
    height: 7,
    panels: [
      graph(
        'Calls to Kubernetes',
        'By answer.',
        [{ expr: `sum by (code) (rate(rest_client_requests_total{${ours}}${per}))`, legend: '{{code}}' }],
        { unit: 'ops' },
      ),
      graph('Processor', 'Cores in use, by replica. Processes for Ceph are not counted.', [
        { expr: `rate(process_cpu_seconds_total{${ours}}${per})`, legend: '{{instance}}' },
      ]),
      graph(
        'Memory',
        'Resident, by replica. Each Ceph cluster in use takes some 80 MiB more.',
        [{ expr: `process_resident_memory_bytes{${ours}}`, legend: '{{instance}}' }],
        { unit: 'bytes' },
      ),
    ],
  },
];

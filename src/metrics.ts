import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Everything `/metrics` shows. Names follow controller-runtime and client-go, so that existing dashboards work. */
export const registry = new Registry();
collectDefaultMetrics({ register: registry });

const registers = [registry];
const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

export const apiRequests = new Counter({
  name: 'rest_client_requests_total',
  help: 'Calls to the Kubernetes API by status code, method and host; code "error" when no answer came.',
  labelNames: ['code', 'method', 'host'],
  registers,
});
export const apiRequestSeconds = new Histogram({
  name: 'rest_client_request_duration_seconds',
  help: 'How long calls to the Kubernetes API took.',
  labelNames: ['method', 'host'],
  buckets: seconds,
  registers,
});
export const watchRestarts = new Counter({
  name: 'cephopenstack_watch_restarts_total',
  help: 'Watches taken up again, by kind and why: ended, idle, expired, relist, failed.',
  labelNames: ['kind', 'why'],
  registers,
});

export const reconciles = new Counter({
  name: 'controller_runtime_reconcile_total',
  help: 'Passes by controller and result: success, error, requeue, requeue_after.',
  labelNames: ['controller', 'result'],
  registers,
});
export const reconcileErrors = new Counter({
  name: 'controller_runtime_reconcile_errors_total',
  help: 'Passes that failed and are repeated with backoff.',
  labelNames: ['controller'],
  registers,
});
export const terminalErrors = new Counter({
  name: 'controller_runtime_terminal_reconcile_errors_total',
  help: 'Passes that ended in something only a person can mend.',
  labelNames: ['controller'],
  registers,
});
export const reconcilePanics = new Counter({
  name: 'controller_runtime_reconcile_panics_total',
  help: 'Passes that ended in a fault of the program itself.',
  labelNames: ['controller'],
  registers,
});
export const reconcileTimeouts = new Counter({
  name: 'controller_runtime_reconcile_timeouts_total',
  help: 'Passes that did not end in time.',
  labelNames: ['controller'],
  registers,
});
export const reconcileSeconds = new Histogram({
  name: 'controller_runtime_reconcile_time_seconds',
  help: 'How long passes took.',
  labelNames: ['controller'],
  buckets: seconds,
  registers,
});
export const maxConcurrentReconciles = new Gauge({
  name: 'controller_runtime_max_concurrent_reconciles',
  help: 'Workers of a controller.',
  labelNames: ['controller'],
  registers,
});
export const activeWorkers = new Gauge({
  name: 'controller_runtime_active_workers',
  help: 'Workers that are busy.',
  labelNames: ['controller'],
  registers,
});

const queueLabels = ['name', 'controller'] as const;
export const queueDepth = new Gauge({
  name: 'workqueue_depth',
  help: 'Keys waiting for a worker.',
  labelNames: [...queueLabels, 'priority'],
  registers,
});
export const queueAdds = new Counter({
  name: 'workqueue_adds_total',
  help: 'Keys added.',
  labelNames: queueLabels,
  registers,
});
export const queueRetries = new Counter({
  name: 'workqueue_retries_total',
  help: 'Keys added again with backoff.',
  labelNames: queueLabels,
  registers,
});
export const queueWaitSeconds = new Histogram({
  name: 'workqueue_queue_duration_seconds',
  help: 'How long keys waited for a worker.',
  labelNames: queueLabels,
  buckets: seconds,
  registers,
});
export const queueWorkSeconds = new Histogram({
  name: 'workqueue_work_duration_seconds',
  help: 'How long workers took for a key.',
  labelNames: queueLabels,
  buckets: seconds,
  registers,
});
export const queueUnfinishedSeconds = new Gauge({
  name: 'workqueue_unfinished_work_seconds',
  help: 'Sum of the time that the keys now being worked on have taken.',
  labelNames: queueLabels,
  registers,
});
export const queueLongestSeconds = new Gauge({
  name: 'workqueue_longest_running_processor_seconds',
  help: 'How long the longest running worker has been at its key.',
  labelNames: queueLabels,
  registers,
});

export const leading = new Gauge({
  name: 'leader_election_master_status',
  help: '1 while this replica leads, else 0.',
  labelNames: ['name'],
  registers,
});

export const steps = new Counter({
  name: 'cephopenstack_steps_total',
  help: 'Steps in the outside world by kind and result: done, failed. Which ones is in events and in the log.',
  labelNames: ['kind', 'result'],
  registers,
});
export const driftFound = new Counter({
  name: 'cephopenstack_drift_found_total',
  help: 'Looks at an object that was Ready which found something to do, though its spec had not changed.',
  labelNames: ['kind'],
  registers,
});
export const driftRepaired = new Counter({
  name: 'cephopenstack_drift_repaired_total',
  help: 'Such looks after which at least one step was done, each counted once; events DriftRepaired on the object tell what.',
  labelNames: ['kind'],
  registers,
});
export const objects = new Gauge({
  name: 'cephopenstack_objects',
  help: 'Objects by kind, condition and its status; one that was never looked at counts as Ready Unknown.',
  labelNames: ['kind', 'condition', 'status'],
  registers,
});
export const notReadySince = new Gauge({
  name: 'cephopenstack_not_ready_since_timestamp_seconds',
  help: 'Since when an object is not Ready, with the reason of today; of at most 100: stalled ones first, planned ones last, else those for which that is longest. State: Stalled, Reconciling, or neither.',
  labelNames: ['kind', 'object', 'reason', 'state'],
  registers,
});
export const plannedSteps = new Gauge({
  name: 'cephopenstack_planned_steps',
  help: 'Lines of status.plan of all objects of a kind, those cut off included: what mode Plan holds back.',
  labelNames: ['kind'],
  registers,
});
export const hosts = new Gauge({
  name: 'cephopenstack_hosts',
  help: 'Hosts by state: ready, reconciling, planned, stalled, unreachable.',
  labelNames: ['state'],
  registers,
});
export const keys = new Gauge({
  name: 'cephopenstack_keys',
  help: 'Cephx users that are kept, by what their name begins with and the type of their key.',
  labelNames: ['user', 'type'],
  registers,
});
export const oldestKey = new Gauge({
  name: 'cephopenstack_oldest_key_created_timestamp_seconds',
  help: 'When the oldest key of such users was made, as the key itself says.',
  labelNames: ['user'],
  registers,
});
export const cephCallSeconds = new Histogram({
  name: 'cephopenstack_ceph_call_seconds',
  help: 'How long calls to Ceph took, waiting for a free place and connecting included. Result: done, refused (Ceph said no), failed (it did not answer).',
  labelNames: ['command', 'result'],
  buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
  registers,
});
export const sshExecSeconds = new Histogram({
  name: 'cephopenstack_ssh_exec_seconds',
  help: 'How long scripts took on hosts, logging in not included. Result: done (the script ended by itself), failed.',
  labelNames: ['script', 'result'],
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 900],
  registers,
});

for (const script of ['observe', 'apply']) {
  for (const result of ['done', 'failed']) sshExecSeconds.zero({ script, result });
}

/** What values a label may have, and so how many: no label grows with the clouds but where a limit stands here. */
export const labelBounds: Readonly<Record<string, string>> = {
  code: 'status codes of HTTP, and `error`',
  command:
    'the Ceph commands that the operator knows (by prefix, such as `osd pool create`) and its calls of librbd; some 40',
  condition: 'the condition types of docs/operations.md',
  controller: 'the four kinds in lower case',
  host: 'the API server, one',
  kind: 'the four kinds; of watches also Secret and ControllerRevision',
  method: 'the methods of HTTP; 5',
  name: 'the four kinds in lower case; of leader election the one lease',
  object: '`namespace/name`; at most 100 series at a time',
  priority: '`0`',
  reason: 'the reasons of docs/operations.md',
  result: 'words; at most 4',
  script: '`observe`, `apply`',
  state: 'words; at most 5',
  status: '`True`, `False`, `Unknown`',
  type: '`Aes`, `Aes256k`, `Unknown`',
  user: 'the beginning of its name: `glance`, `cinder`, `cinder-backup`, `nova`, else `other`',
  why: 'words; 5',
};

/** Begins at zero what is counted of a kind: a counter that appears with its first event hides it from `increase`. */
export function beginCounts(kind: string): void {
  const controller = kind.toLowerCase();
  for (const counter of [driftFound, driftRepaired]) counter.inc({ kind }, 0);
  for (const result of ['done', 'failed']) steps.inc({ kind, result }, 0);
  for (const result of ['success', 'error', 'requeue', 'requeue_after']) reconciles.inc({ controller, result }, 0);
  for (const counter of [reconcileErrors, terminalErrors, reconcilePanics, reconcileTimeouts]) {
    counter.inc({ controller }, 0);
  }
}

/** Called before each scrape, for gauges that are cheaper to work out than to keep. */
export const beforeScrape = new Set<() => void>();

/** Times a piece of work, also when it fails; `resultOf` puts its error into a word. */
export async function timed<T>(
  histogram: Histogram,
  labels: Readonly<Record<string, string>>,
  work: () => Promise<T>,
  resultOf: (error: unknown) => string = () => 'failed',
): Promise<T> {
  const startedAt = performance.now();
  const observe = (result: string) => histogram.observe({ ...labels, result }, (performance.now() - startedAt) / 1000);
  try {
    const value = await work();
    observe('done');
    return value;
  } catch (error) {
    observe(resultOf(error));
    throw error;
  }
}

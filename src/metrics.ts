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

export const readiness = new Gauge({
  name: 'cephopenstack_ready',
  help: '1 while the object is Ready, else 0.',
  labelNames: ['kind', 'namespace', 'name'],
  registers,
});
export const steps = new Counter({
  name: 'cephopenstack_steps_total',
  help: 'Steps done in the outside world, by kind and verb.',
  labelNames: ['kind', 'verb'],
  registers,
});
export const driftRepairs = new Counter({
  name: 'cephopenstack_drift_repaired_total',
  help: 'Passes that had to repair what was Ready before.',
  labelNames: ['kind'],
  registers,
});

/** Called before each scrape, for gauges that are cheaper to work out than to keep. */
export const beforeScrape = new Set<() => void>();

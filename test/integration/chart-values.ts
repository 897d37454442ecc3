type Values = Readonly<Record<string, unknown>>;

const whole = { installation: 'here', watchNamespaces: ['openstack'] };
/** Without the definitions, which take the API server longest. */
const least = { ...whole, crds: { enabled: false } };

/** Everything that can be switched on, set to something. */
export const everything = {
  ...least,
  watchNamespaces: ['openstack', 'elsewhere'],
  image: { repository: 'registry.example.org:5000/ceph/operator', digest: `sha256:${'0'.repeat(64)}` },
  imagePullSecrets: [{ name: 'registry' }],
  serviceAccount: { annotations: { team: 'storage' } },
  extraEnv: [
    { name: 'NODE_EXTRA_CA_CERTS', value: '/authorities/ca.crt' },
    { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  ],
  extraVolumes: [{ name: 'authorities', configMap: { name: 'authorities' } }],
  extraVolumeMounts: [{ name: 'authorities', mountPath: '/authorities', readOnly: true }],
  resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: 2, memory: '2Gi' } },
  replicas: 2,
  podDisruptionBudget: { enabled: true, maxUnavailable: '50%' },
  podLabels: { team: 'storage' },
  podAnnotations: { 'example.org/scrape': 'true' },
  priorityClassName: 'system-cluster-critical',
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'control-plane', operator: 'Exists', effect: 'NoSchedule' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'storage', operator: 'Exists' }] }],
      },
    },
  },
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' },
    {
      maxSkew: 2,
      topologyKey: 'zone',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { a: 'b' } },
    },
  ],
  metrics: {
    port: 9090,
    service: { annotations: { 'example.org/scrape': 'true' } },
    serviceMonitor: {
      enabled: true,
      namespace: 'elsewhere',
      labels: { release: 'prometheus' },
      interval: '30s',
      scrapeTimeout: '10s',
      relabelings: [{ action: 'labeldrop', regex: 'pod' }],
      metricRelabelings: [{ sourceLabels: ['__name__'], regex: 'nodejs_.*', action: 'drop' }],
    },
    prometheusRule: {
      ...{ enabled: true, namespace: 'elsewhere', labels: { release: 'prometheus' } },
      runbookURL: 'https://docs.example.org/operations.html',
    },
    dashboard: { enabled: true, namespace: 'elsewhere', annotations: { grafana_folder: 'Ceph' } },
  },
  networkPolicy: {
    enabled: true,
    metricsFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
    egress: {
      apiServer: { cidrs: ['192.0.2.1/32'], ports: [6443] },
      ceph: { cidrs: ['10.0.0.0/24', 'fd00::/64'] },
      openStack: { ports: [] },
    },
    extraEgress: [{ to: [{ ipBlock: { cidr: '198.51.100.0/24' } }], ports: [{ port: 3128, protocol: 'TCP' }] }],
  },
} satisfies Values;

/** Values that the API server takes all of the result of, each for what it is about. */
export const taken: Readonly<Record<string, Values>> = {
  'the least that works': whole,
  'definitions that go with the release': { ...whole, crds: { keep: false } },
  'all namespaces': { installation: 'here', watchAllNamespaces: true, crds: { enabled: false } },
  'one replica without a Lease': { ...least, leaderElection: false },
  'no replica, no rights, no Service': {
    ...least,
    ...{ replicas: 0, rbac: { create: false }, metrics: { service: { enabled: false } } },
  },
  'an account of somebody else': { ...least, serviceAccount: { create: false, name: 'theirs' } },
  'a user whom the platform assigns': { ...least, runAsUser: null },
  'the network bounded by ports alone': { ...least, networkPolicy: { enabled: true } },
  'names of its own': { ...least, fullnameOverride: 'wired', nameOverride: 'cos' },
  everything,
};

/** Values that are refused, and the sentence that says why. */
export const refused: readonly (readonly [why: string, values: Values, message: RegExp])[] = [
  ['no installation is named', { watchNamespaces: ['openstack'] }, /Set installation: a name for this operator/],
  ['it is not said what to watch', { installation: 'here' }, /Set watchNamespaces .* or else watchAllNamespaces: true/],
  ['named and all namespaces are to be watched', { ...least, watchAllNamespaces: true }, /Set watchNamespaces .* or/],
  ['the installation cannot be written into a mark', { ...least, installation: 'Here' }, /does not match pattern/],
  ['a value is unknown', { ...least, watchNamespace: 'a' }, /additional properties 'watchNamespace' not allowed/],
  ['a part is unknown', { ...least, image: { name: 'a' } }, /at '\/image': additional properties 'name' not allowed/],
  ['a value is of another type', { ...least, replicas: 'many' }, /got string, want integer/],
  ['replicas could not agree', { ...least, replicas: 2, leaderElection: false }, /more than one replica/],
  ['it would run as root', { ...least, runAsUser: 0 }, /at '\/runAsUser': minimum: got 0, want 1/],
  ['a digest is none', { ...least, image: { digest: 'latest' } }, /at '\/image\/digest': .* does not match pattern/],
  [
    'a variable is set a second time',
    { ...least, extraEnv: [{ name: 'LOG_LEVEL', value: 'debug' }] },
    /extraEnv cannot set LOG_LEVEL: the chart sets it/,
  ],
  [
    'the pod would leave its own selector',
    { ...least, podLabels: { 'app.kubernetes.io/name': 'other' } },
    /podLabels cannot set app.kubernetes.io\/name/,
  ],
  [
    'a ServiceMonitor would find nothing',
    { ...least, metrics: { service: { enabled: false }, serviceMonitor: { enabled: true } } },
    /set metrics.service.enabled: true/,
  ],
  [
    'alerts would lead to a path',
    { ...least, metrics: { prometheusRule: { runbookURL: 'docs/operations.md' } } },
    /at '\/metrics\/prometheusRule\/runbookURL': .* does not match pattern/,
  ],
  [
    'a port is none',
    { ...least, networkPolicy: { egress: { ssh: { ports: ['ssh'] } } } },
    /at '\/networkPolicy\/egress\/ssh\/ports\/0': .* does not match pattern/,
  ],
];

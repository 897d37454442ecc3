/*
 * What the parts of a node are told. All of it bears a machine that is shared: little memory or disk left, swap, control groups of
 * the old kind, and no right to raise limits.
 */

/** Of all Pods; each node has a network namespace of its own. */
const podSubnet = '10.244.0.0/24';

export const pauseName = 'localhost/lab/pause:latest';

export function containerdConfig(networkFolder: string): string {
  return `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseName}"
  # To lower it takes CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${networkFolder}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`;
}

/** Each Pod hangs on a cable of its own: on a bridge the answers of Pods to each other would go past the Services' translation. */
export const podNetwork = {
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'ptp',
      ipMasq: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: podSubnet }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
  ],
};

export function kubeletConfig(options: { authorityFile: string; address: string; cgroup: string }): object {
  const { authorityFile, address, cgroup } = options;
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: authorityFile },
    },
    authorization: { mode: 'AlwaysAllow' },
    clusterDomain: 'cluster.local',
    clusterDNS: [address],
    resolvConf: '',
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroup,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    // Never: they cannot be had again.
    imageGCHighThresholdPercent: 100,
  };
}

export function kubeProxyConfig({ kubeconfig, name }: { kubeconfig: string; name: string }): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig },
    hostnameOverride: name,
    mode: 'iptables',
    clusterCIDR: podSubnet,
    // Zero leaves the machine's own limits.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}

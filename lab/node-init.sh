#!/bin/bash
# Process 1 of a node of the lab: in mount, process and network namespaces of its own, so that nothing of it is left when it ends.
#
#   node-init.sh ROOT STATE KUBELET KUBE_PROXY NAME ADDRESS IMAGE...
#
# ROOT is the tree that becomes its root, STATE a folder on a disk: layers of containers cannot lie on an overlay.
set -euo pipefail
root=$1 state=$2 kubelet=$3 kube_proxy=$4 name=$5 address=$6
shift 6

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
for service in containerd kubelet; do
  mkdir -p "$state/$service" "$root/var/lib/$service"
  mount --bind "$state/$service" "$root/var/lib/$service"
done
# The kubelet sets these for the whole machine, which is not its own: it gets copies to write to.
mkdir "$root/run/sysctl"
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  copy=$root/run/sysctl/${setting//\//.}
  cat "/proc/sys/$setting" >"$copy"
  mount --bind "$copy" "$root/proc/sys/$setting"
done
# Of its own network namespace.
echo 1 >"$root/proc/sys/net/ipv4/ip_forward"

cd "$root"
mkdir -p before
pivot_root . before
umount --lazy /before
mount --make-rshared /
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

containerd --config "$state/containerd.toml" >>"$state/containerd.log" 2>&1 &
until ctr version >/dev/null 2>&1; do
  kill -0 $! || { tail -n 5 "$state/containerd.log" >&2; exit 1; }
  sleep 0.1
done
for image in "$@"; do ctr --namespace k8s.io images import "$image" >/dev/null; done

mkdir -p "$state/names"
dnsmasq --keep-in-foreground --user=root --pid-file= --log-facility="$state/dnsmasq.log" --listen-address="$address" --bind-interfaces \
  --no-resolv --no-hosts --local=/cluster.local/ --hostsdir="$state/names" &
"$kube_proxy" --config "$state/kube-proxy.json" >>"$state/kube-proxy.log" 2>&1 &
"$kubelet" --config "$state/kubelet.json" --kubeconfig "$state/kubelet.kubeconfig" --hostname-override "$name" \
  --node-ip "$address" >>"$state/kubelet.log" 2>&1 &
wait -n || true

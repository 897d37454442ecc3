# One transaction: the steps in order, the first that fails ends it. $state is the directory of the manifest and the
# lock; `steps` is the function that calls the steps below, and payload_N prints the content of step N.

index=-1
work=

# fail KIND WHY: the step did not happen. KIND: conflict, refused, unsupported, command, busy.
fail() {
  tell "failed $index $1 $2"
  [ "$1" != command ] || tail -n 12 "$work/out" 2>/dev/null
  tell end
  exit 1
}

ok() {
  tell "step $index $*"
}

step() {
  index=$((index + 1))
  # Without the lock's descriptor: a daemon that some step starts must not hold the lock for ever.
  case $1 in
    # It leaves a shell behind, which would keep the copy that a shell makes of a descriptor that is closed for a while.
    restart_unit) "$@" ;;
    *) "$@" 9>&- ;;
  esac
}

# quietly WHAT COMMAND…: its output is only shown when it fails.
quietly() {
  what=$1
  shift
  "$@" >"$work/out" 2>&1 || fail command "$what failed"
}

begin() {
  trap finish EXIT
  trap 'exit 1' HUP INT TERM PIPE
  if [ -L "$state" ]; then
    fail refused "$state is a symbolic link"
  fi
  [ -d "$state" ] || mkdir -p "$state" || fail refused "$state cannot be made"
  case $(stat -c '%u %A' "$state") in
    '0 drwx------') ;;
    '0 '*) chmod 0700 "$state" ;;
    *) fail refused "$state does not belong to root" ;;
  esac
  command -v flock >/dev/null || fail unsupported 'flock is not installed'
  exec 9>>"$state/lock"
  tries=0
  until flock -n 9; do
    tries=$((tries + 1))
    [ "$tries" -lt "$lock_tries" ] || fail busy 'another transaction holds the lock of this host'
    sleep 1
  done
  sweep
  # Memory, where there is some: a key is never on a disk beside its own file.
  work=$(mktemp -d /run/ceph-openstack-operator.XXXXXXXX 2>/dev/null || mktemp -d "$state/work.XXXXXXXX") ||
    fail refused 'no directory for temporary files can be made'
  export TMPDIR="$work"
}

finish() {
  [ -z "$work" ] || rm -rf "$work"
  [ -z "$work" ] || sweep
  work=
}

# Takes away what a transaction left that was killed. The lock is held: nobody else's is among it.
sweep() {
  if [ -f "$state/pending" ]; then
    while read -r left; do
      case $left in
        /*/.ceph-openstack-operator.*) rm -f "$left" ;;
      esac
    done <"$state/pending"
    rm -f "$state/pending"
  fi
  set +f
  for left in "$state"/work.* /run/ceph-openstack-operator.*; do
    [ "$left" = "$work" ] || [ ! -d "$left" ] || rm -rf "$left"
  done
  set -f
}

apply() {
  learn_tools
  tell begin
  begin
  steps
  tell end
}

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
  "$@" 9>&-
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

# Nothing is written under a directory that anybody but root could move away. With `replace`, the directory itself may
# belong to a service, as Debian gives /etc/cinder to cinder: `place` is safe there, changes in place are not.
check_parents() {
  above=${1%/*}
  whose=${2-}
  while [ -n "$above" ]; do
    [ ! -L "$above" ] || fail refused "$above is a symbolic link"
    [ -d "$above" ] || fail refused "the directory $above does not exist"
    case $(stat -c '%u %g %A' "$above") in
      *????????w?) fail refused "$above is writable for everybody" ;;
      '0 0 '*) ;;
      '0 '*' '?????w*) [ "$whose" = replace ] || fail refused "$above is writable for a group" ;;
      '0 '*) ;;
      *) [ "$whose" = replace ] || fail refused "$above does not belong to root" ;;
    esac
    whose=
    above=${above%/*}
  done
}

# The SHA-256 of a regular file, or one word for what else there is.
content_of() {
  if [ -L "$1" ]; then
    echo symlink
  elif [ -f "$1" ]; then
    # A service may put a pipe into its own directory: opening that would wait for ever, and keep the lock.
    within 30 sha256sum -- "$1" | cut -c1-64
  elif [ -e "$1" ]; then
    echo other
  else
    echo absent
  fi
}

expect() {
  found=$(content_of "$1")
  case $found in
    symlink) fail refused "$1 is a symbolic link" ;;
    other) fail refused "$1 is no regular file" ;;
    "$2") ;;
    *) fail conflict "$1 is not as it was when it was looked at" ;;
  esac
}

permissions_are() {
  [ "$(stat -c '%U %G 0%a' "$1")" = "$2 $3 $4" ] || [ "$(stat -c '%U %G %a' "$1")" = "$2 $3 $4" ]
}

check_owner() {
  id "$1" >/dev/null 2>&1 || fail refused "there is no user $1"
  if command -v getent >/dev/null; then
    getent group "$2" >/dev/null || fail refused "there is no group $2"
  fi
}

# write_file PATH OWNER GROUP MODE EXPECTED SHA256; the content is what payload_N prints.
write_file() {
  check_parents "$1" replace
  check_owner "$2" "$3"
  if [ "$(content_of "$1")" = "$6" ] && permissions_are "$1" "$2" "$3" "$4"; then
    ok already
    return
  fi
  [ "$(content_of "$1")" = "$6" ] || expect "$1" "$5"
  place "$1" "$2" "$3" "$4" "$5" "$6" cat
  ok 'done'
}

# place PATH OWNER GROUP MODE EXPECTED SHA256 FILTER: made where only root can reach it, all rights set, then moved over
# the old one. The move replaces a symbolic link and never follows it.
place() {
  beside=${1%/*}
  # The first directory above that nobody but root writes to, on the same file system so that the move is one step.
  case $(stat -c '%u %A' "$beside") in
    '0 d'????-*) ;;
    *) beside=${beside%/*} ;;
  esac
  if [ "$(stat -c %d "${beside:-/}")" != "$(stat -c %d "${1%/*}")" ]; then
    fail refused "${1%/*} belongs to somebody else and is a file system of its own"
  fi
  new=$beside/.ceph-openstack-operator.${1##*/}
  echo "$new" >>"$state/pending"
  rm -f "$new"
  "payload_$index" >"$work/new" || fail refused "the content of $1 did not arrive"
  [ "$(sha256sum <"$work/new" | cut -c1-64)" = "$6" ] || fail refused "the content of $1 did not arrive whole"
  # umask 077 makes it, so it is readable for nobody else while its owner is not yet set.
  { "$7" <"$work/new" >"$new"; } 2>"$work/out" || fail command "writing $1 failed"
  quietly "giving $1 its owner" chown "$2:$3" "$new"
  quietly "giving $1 its mode" chmod "$4" "$new"
  if selinux && [ -e "$1" ]; then
    quietly "giving $1 its SELinux label" chcon --reference="$1" "$new"
  fi
  sync "$new" 2>/dev/null
  found=$(content_of "$1")
  [ "$found" = "$6" ] || expect "$1" "$5"
  quietly "replacing $1" mv -fT "$new" "$1"
  if selinux && [ "$5" = absent ] && command -v restorecon >/dev/null; then
    quietly "giving $1 its SELinux label" restorecon "$1"
  fi
  sync "${1%/*}" 2>/dev/null
  rm -f "$work/new"
}

selinux() {
  command -v selinuxenabled >/dev/null && selinuxenabled
}

set_permissions() {
  check_parents "$1"
  check_owner "$2" "$3"
  case $(content_of "$1") in
    absent | symlink | other) fail conflict "$1 is no regular file any more" ;;
  esac
  if permissions_are "$1" "$2" "$3" "$4"; then
    ok already
  else
    quietly "giving $1 its owner" chown "$2:$3" "$1"
    quietly "giving $1 its mode" chmod "$4" "$1"
    ok 'done'
  fi
}

make_directory() {
  check_parents "$1"
  check_owner "$2" "$3"
  if [ -L "$1" ]; then
    fail refused "$1 is a symbolic link"
  elif [ -d "$1" ]; then
    permissions_are "$1" "$2" "$3" "$4" && ok already && return
  else
    quietly "making $1" mkdir "$1"
    if selinux && command -v restorecon >/dev/null; then
      quietly "giving $1 its SELinux label" restorecon "$1"
    fi
  fi
  quietly "giving $1 its owner" chown "$2:$3" "$1"
  quietly "giving $1 its mode" chmod "$4" "$1"
  ok 'done'
}

remove_file() {
  if [ "$(content_of "$1")" = absent ]; then
    ok already
    return
  fi
  check_parents "$1"
  expect "$1" "$2"
  quietly "removing $1" rm -f "$1"
  ok 'done'
}

remove_directory() {
  if [ ! -e "$1" ] && [ ! -L "$1" ]; then
    ok already
  elif [ -d "$1" ] && [ ! -L "$1" ]; then
    check_parents "$1"
    if rmdir "$1" 2>/dev/null; then ok 'done'; else ok skipped it is not empty; fi
  else
    ok skipped it is no directory
  fi
}

# write_manifest PATH EXPECTED SHA256: a debt that says "Now" gets the time at which it is written.
write_manifest() {
  if [ "$(content_of "$1")" = "$3" ] && ! "payload_$index" | grep -q '"since":"Now"'; then
    ok already
    return
  fi
  expect "$1" "$2"
  place "$1" root root 0600 "$2" "$3" stamp
  ok 'done'
}

stamp() {
  read -r boot </proc/sys/kernel/random/boot_id
  # Of a process that has only just started. What stands before the last parenthesis is its name.
  ticks=$(sed 's/.*) //' /proc/self/stat | cut -d ' ' -f 20)
  sed "s/\"since\":\"Now\"/\"since\":{\"bootID\":\"$boot\",\"ticks\":$ticks}/g"
}

remove_manifest() {
  remove_file "$1" "$2"
}

missing_packages() {
  for package in "$@"; do
    # shellcheck disable=SC2016
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' ok installed$' || printf ' %s' "$package"
  done
}

# What an administrator has configured stays, nothing is asked, and no service is restarted on the side.
apt_get() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1 \
    apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

apt_install() {
  apt_get --no-install-recommends --no-upgrade --no-remove "$@"
}

# $missing is meant to split: names of packages.
# shellcheck disable=SC2086
install_packages() {
  command -v apt-get >/dev/null || fail unsupported 'packages are only installed with apt so far'
  missing=$(missing_packages "$@")
  if [ -z "$missing" ]; then
    ok already
    return
  fi
  if [ -e "$state/installing" ]; then
    # Ours was cut off in the middle; somebody else's half-done work is theirs to end.
    quietly 'ending an installation that was cut off' \
      env DEBIAN_FRONTEND=noninteractive dpkg --configure -a --force-confdef --force-confold
    rm -f "$state/installing"
  fi
  if ! apt_install -s install $missing >"$work/out" 2>&1; then
    quietly 'apt-get update' apt_get update
    quietly "finding the packages$missing" apt_install -s install $missing
  fi
  changed=$(sed -n 's/^Inst \([^ ]*\) \[.*/\1/p; s/^Remv \([^ ]*\).*/\1/p' "$work/out" | sort | tr '\n' ' ')
  [ -z "$changed" ] || fail refused "installing$missing would upgrade or remove ${changed% }: do that by hand first"
  : >"$state/installing"
  if ! apt_install install $missing >"$work/out" 2>&1; then
    # The mirror may have moved on since the lists were read.
    quietly 'apt-get update' apt_get update
    quietly "installing$missing" apt_install install $missing
  fi
  still=$(missing_packages "$@")
  [ -z "$still" ] || fail refused "after installing there is still no$still"
  rm -f "$state/installing"
  ok 'done' "installed$missing"
}

# secret_value_matches UUID SHA256
secret_value_matches() {
  [ "$(libvirt_value_hash "$1" | cut -c1-64)" = "$2" ]
}

define_libvirt_secret() {
  if ask_libvirt secret-dumpxml "$1" >"$work/xml" 2>/dev/null; then
    grep -q -F "<name>$2</name>" "$work/xml" || fail conflict "the libvirt secret $1 is there with another usage"
    if grep -q "ephemeral='no' private='no'" "$work/xml"; then
      ok already
      return
    fi
  fi
  "payload_$index" >"$work/xml"
  quietly "defining the libvirt secret $1" ask_libvirt secret-define --file "$work/xml"
  ok 'done'
}

# set_libvirt_secret_value UUID SHA256-OF-VALUE
set_libvirt_secret_value() {
  if secret_value_matches "$1" "$2"; then
    ok already
    return
  fi
  "payload_$index" >"$work/value"
  quietly "setting the value of the libvirt secret $1" ask_libvirt secret-set-value "$1" --file "$work/value"
  rm -f "$work/value"
  secret_value_matches "$1" "$2" || fail command "the libvirt secret $1 does not keep its value"
  ok 'done'
}

# undefine_libvirt_secret UUID USAGE
undefine_libvirt_secret() {
  if ! ask_libvirt secret-dumpxml "$1" >"$work/out" 2>&1; then
    grep -q -i 'no secret' "$work/out" || fail command "looking for the libvirt secret $1 failed"
    ok already
    return
  fi
  ask_libvirt list --all --uuid >"$work/out" 2>&1 || fail command "listing the guests failed"
  if guest_secrets | grep -F -e "uuid='$1'" -e "usage='$2'" >/dev/null; then
    fail conflict "a guest uses the libvirt secret $1"
  fi
  quietly "removing the libvirt secret $1" ask_libvirt secret-undefine "$1"
  ok 'done'
}

reload_units() {
  quietly 'systemctl daemon-reload' within 60 systemctl daemon-reload
  ok 'done'
}

# Never starts what somebody has stopped.
restart_unit() {
  command -v systemctl >/dev/null || fail unsupported 'units are only restarted with systemd so far'
  load=$(within 20 systemctl show -p LoadState "$1")
  active=$(within 20 systemctl show -p ActiveState "$1")
  case ${load#*=}/${active#*=} in
    loaded/active | loaded/reloading | loaded/activating | loaded/failed) ;;
    loaded/inactive) ok skipped it is stopped && return ;;
    loaded/deactivating) ok skipped it is stopping && return ;;
    *) ok skipped "it is ${load#*=}" && return ;;
  esac
  # Else the limit on starts in a row would refuse the very start that could succeed.
  [ "${active#*=}" != failed ] || systemctl reset-failed "$1" 2>/dev/null
  quietly "restarting $1" within 60 systemctl restart --no-block "$1"
  ok 'done'
}

apply() {
  tell begin
  begin
  steps
  tell end
}

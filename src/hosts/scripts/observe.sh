# One look at a host; it writes nothing. Lists come in as words that have been checked to hold neither blanks nor quotes.
# $packages $units $users $names $files $ancestors (directories above them) $known ("hash:path")
# $instance_directories $want_libvirt $want_guests; and the function access.

max_file_bytes=1048576

observe_machine() {
  tell os
  head -c 8192 /etc/os-release 2>/dev/null || head -c 8192 /usr/lib/os-release 2>/dev/null || old_release
  tell hostname
  head -c 256 /proc/sys/kernel/hostname 2>/dev/null
  tell init
  if [ -d /run/systemd/system ]; then
    echo systemd
  elif [ -d /run/openrc ]; then
    echo openrc
  elif /sbin/init --version 2>/dev/null | grep -q upstart; then
    echo upstart
  elif [ -e /etc/inittab ]; then
    echo sysvinit
  else
    echo unknown
  fi
}

# `CentOS release 6.10 (Final)`: Red Hat's family before it had an os-release.
old_release() {
  line=$(head -n 1 /etc/redhat-release 2>/dev/null) || return 0
  case $line in
    CentOS*) echo ID=centos ;;
    Fedora*) echo ID=fedora ;;
    *) echo ID=rhel ;;
  esac
  printf 'VERSION_ID=%s\nPRETTY_NAME="%s"\n' "$(printf '%s\n' "$line" | sed 's/[^0-9]*\([0-9.]*\).*/\1/')" "$line"
}

observe_packages() {
  tell packages
  case $(package_family) in
    dpkg)
      # shellcheck disable=SC2016,SC2086
      dpkg-query -W -f '${Package}|${Version}|${Status}\n' -- $packages 2>/dev/null
      ;;
    rpm)
      # shellcheck disable=SC2086
      rpm -q --qf '%{NAME}|%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}|install ok installed\n' -- $packages 2>/dev/null
      ;;
  esac
  # dpkg and rpm lock with fcntl, which no shell can ask for; the kernel lists who holds what, by inode.
  tell locks
  stat -c %i /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/lib/rpm/.rpm.lock \
    /usr/lib/sysimage/rpm/.rpm.lock 2>/dev/null |
    awk 'NR == FNR { lock[$1] = 1; next } { split($6, at, ":"); if (at[3] in lock) { print "busy"; exit } }' - /proc/locks
  # Before rpm has a lock to take, yum and dnf note who they are.
  for file in /var/run/yum.pid /var/lib/dnf/rpmdb_lock.pid; do
    [ -z "$(live_process "$file")" ] || echo busy
  done
}

observe_units() {
  tell units
  shown=
  if [ -d /run/systemd/system ] && [ -n "$units" ]; then
    # Before systemd 232 there was no InvocationID.
    # shellcheck disable=SC2086
    shown=$(within 20 systemctl show --no-pager -p Id -p Names -p LoadState -p ActiveState -p SubState -p UnitFileState \
      -p Job -p MainPID -p InvocationID -p ExecMainStartTimestampMonotonic -p NeedDaemonReload -p DropInPaths -- $units)
  elif [ ! -d /run/systemd/system ]; then
    shown=$(show_services)
  fi
  printf '%s\n' "$shown"
  for pid in $(printf '%s\n' "$shown" | sed -n 's/^MainPID=\([1-9][0-9]*\)$/\1/p'); do
    tell "process $pid"
    cat "/proc/$pid/stat" 2>/dev/null
  done
}

# In the form of `systemctl show`.
show_services() {
  clustered=$(cluster_services)
  for unit in $units; do
    look_at_service "$unit"
    load=loaded
    if [ "$kind" = none ]; then
      load=not-found
    elif [ "$kind" = script ] && [ ! -x "/etc/init.d/$unit" ]; then
      load=masked
    fi
    printf '%s\n' "Id=$unit" "LoadState=$load" "ActiveState=$active" "SubState=$kind" "MainPID=${main:-0}" \
      "InvocationID=$attempt" "UnitFileState=$(service_enabled "$unit")"
    [ "$pending" = no ] || echo Job=1
    ! printf '%s\n' "$clustered" | grep -q -x -F -e "$unit" || echo ClusterManaged=yes
    echo
  done
}

observe_users() {
  for user in $users; do
    tell "user $user"
    id "$user" 2>/dev/null
  done
}

observe_names() {
  for name in $names; do
    tell "name $name"
    within 3 getent ahosts "$name" 2>/dev/null | awk '{ print $1 }'
  done
}

# A file's content, when what was opened is what stands there: a regular file under one name, and no symbolic link that
# its directory's owner put in its place for a moment to have root read something else.
read_whole() {
  # shellcheck disable=SC2094
  {
    opened=$(stat -L -c '%d:%i' /proc/self/fd/3)
    there=$(stat -c '%d:%i %h %f' "$1")
    case $there in
      "$opened 1 8"???)
        tell "content $1"
        base64 <&3
        ;;
    esac
  } 3<"$1" 2>/dev/null
}

observe_files() {
  tell stat
  # shellcheck disable=SC2086
  stats=$(stat -c '%f|%u|%g|%U|%G|%s|%Y|%n' -- $files $ancestors 2>/dev/null)
  printf '%s\n' "$stats"

  # Regular files only: reading a pipe or a device would wait for ever.
  regular=
  while IFS='|' read -r raw _ _ _ _ bytes _ path; do
    case $raw in 8???) ;; *) continue ;; esac
    [ "$bytes" -le "$max_file_bytes" ] || continue
    case " $files " in *" $path "*) regular="$regular $path" ;; esac
  done <<END
$stats
END

  tell now
  date +%s
  tell hashes
  [ -n "$regular" ] || return 0
  # shellcheck disable=SC2086
  sums=$(within 30 sha256sum -- $regular 2>/dev/null)
  printf '%s\n' "$sums"
  while read -r hash path; do
    case " $known " in
      *" $hash:$path "*) ;;
      *) read_whole "$path" ;;
    esac
  done <<END
$sums
END
}

observe_instances() {
  tell instances
  count=0
  set +f
  for directory in $instance_directories; do
    for instance in "$directory"/*/; do
      for disk in "$instance"disk "$instance"disk.local "$instance"disk.swap "$instance"disk.eph*; do
        if [ -f "$disk" ]; then
          count=$((count + 1))
          break
        fi
      done
    done
  done
  set -f
  echo "$count"
}

observe_images() {
  tell images
  count=0
  set +f
  for directory in $image_directories; do
    for image in "$directory"/*; do
      if [ -f "$image" ]; then count=$((count + 1)); fi
    done
  done
  set -f
  echo "$count"
}

observe_libvirt() {
  command -v virsh >/dev/null || return 0
  tell libvirt
  if ! secrets=$(ask_libvirt secret-list 2>&1); then
    echo unreachable
    printf '%s\n' "$secrets" | head -n 3
    return 0
  fi
  echo reachable
  for uuid in $(printf '%s\n' "$secrets" | awk '{ print $1 }'); do
    case $uuid in *[!0-9a-f-]*) continue ;; esac
    tell "secret $uuid"
    ask_libvirt secret-dumpxml "$uuid" 2>/dev/null
    tell "value $uuid"
    libvirt_value_hash "$uuid"
  done
  if [ "$want_guests" = yes ]; then
    tell guests
    guest_secrets
  fi
}

# Where the service's own rights are what is to be proved. setpriv rather than su, which leaves a line in the journal.
as_user() {
  as=$1
  shift
  if command -v setpriv >/dev/null; then
    setpriv --reuid "$(id -u "$as")" --regid "$(id -g "$as")" --init-groups -- "$@"
  else
    su -s /bin/sh "$as" -c "exec $*"
  fi
}

# check_access USER INTERPRETER: the program comes on stdin and says its findings itself, one short line for each.
check_access() {
  interpreter=$2
  [ "$2" != python2 ] || command -v python2 >/dev/null || interpreter=python
  if ! id "$1" >/dev/null 2>&1; then
    tell "noaccess $1 $2 user"
  elif ! command -v "$interpreter" >/dev/null; then
    tell "noaccess $1 $2 interpreter"
  else
    # Nothing of the user's own is to be loaded; Python 2 has no -I.
    if [ "$2" = python3 ]; then isolated=-I; else isolated=-E; fi
    # shellcheck disable=SC2086
    as_user "$1" timeout $give_up 40 "$interpreter" "$isolated" - 2>/dev/null || tell "noaccess $1 $2 died"
  fi
}

observe_clock() {
  tell clock
  cat /proc/sys/kernel/random/boot_id
  # A process that has only just started tells the present time on the clock that starts are counted on.
  cat /proc/self/stat
}

observe() {
  learn_tools
  tell begin
  observe_machine
  observe_packages
  observe_units
  observe_users
  observe_names
  observe_files
  observe_instances
  observe_images
  [ "$want_libvirt" != yes ] || observe_libvirt
  # After the files: a change that this look has seen is older than this clock.
  observe_clock
  access
  tell end
}

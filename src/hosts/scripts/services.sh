# Services on a machine without systemd: jobs of Upstart, scripts in /etc/init.d, and glance-control where neither is.
# $state is the directory of the manifest, where each restart of ours leaves a note of how it went.

service_kind() {
  if [ -e "/etc/init/$1.conf" ] && command -v initctl >/dev/null; then
    echo upstart
  elif [ -e "/etc/init.d/$1" ]; then
    echo script
  elif [ "$1" = glance-api ] && command -v glance-control >/dev/null && [ -e /var/run/glance/glance-api.pid ]; then
    echo control
  else
    echo none
  fi
}

# look_at_service NAME: sets $kind, $active (in systemd's words), $main (the main process), $attempt (our last restart
# of it since the machine was booted) and $pending (that restart is still under way).
look_at_service() {
  kind=$(service_kind "$1") active=inactive main='' attempt='' pending=no
  case $kind in
    upstart) look_at_job "$1" ;;
    script) look_at_script "$1" ;;
    control)
      main=$(live_process /var/run/glance/glance-api.pid)
      [ -z "$main" ] || active=active
      ;;
  esac
  read -r note_boot note_ticks note_code 2>/dev/null <"$state/restart.$1" || return 0
  read -r boot </proc/sys/kernel/random/boot_id
  [ "$note_boot" = "$boot" ] || return 0
  attempt=$note_ticks
  if ! flock -n "$state/restart.$1" true; then
    pending=yes
  elif [ "$note_code" != 0 ] && [ "$active" = inactive ]; then
    # Nobody has stopped it: it did not come up again.
    active=failed
  fi
}

# `nova-compute start/running, process 1234`, `nova-compute stop/waiting`.
look_at_job() {
  said=$(within 20 initctl status "$1" 2>/dev/null | head -n 1)
  case $said in
    *' start/running'*) active=active ;;
    *' start/'*) active=activating ;;
    *' stop/waiting'*) active=inactive ;;
    *' stop/'*) active=deactivating ;;
  esac
  main=$(printf '%s\n' "$said" | sed -n 's/.*, process \([0-9][0-9]*\)$/\1/p')
}

# By the exit code that the Linux Standard Base gives to `status`; an old script may not know that word.
look_at_script() {
  [ -x "/etc/init.d/$1" ] || return 0
  said=$(within 20 env -i PATH="$PATH" TERM=dumb "/etc/init.d/$1" status 2>&1 </dev/null)
  code=$?
  case $code/$said in
    0/*) active=active ;;
    *[Uu]sage*) ;;
    [12]/*) active=failed ;;
    124/* | 137/*) active=activating ;;
  esac
  find_main "$1" "$said"
  case $active/$main in
    inactive/[0-9]*) case $said in *[Uu]sage*) active=active ;; *) main= ;; esac ;;
    active/*) ;;
    *) main= ;;
  esac
}

# find_main NAME SAID: by the usual files, by what `status` said, else the oldest process of that program. What stopped
# in good order has taken its pid file with it, and what it left behind of its children is not the service.
find_main() {
  stem=${1#openstack-} died=
  set +f
  for file in "/var/run/$1.pid" "/var/run/$stem.pid" /var/run/*/"$1.pid" /var/run/*/"$stem.pid"; do
    [ -f "$file" ] || continue
    main=$(live_process "$file")
    [ -z "$main" ] || break
    died=yes
  done
  if [ -z "$main" ] && [ "$active" = active ]; then
    main=$(printf '%s\n' "$2" | sed -n 's/.*pid[s:]*  *\([0-9][0-9]*\).*/\1/p' | head -n 1)
    [ -z "$main" ] || is_alive "$main" || main=
  fi
  if [ -z "$main" ] && [ -n "$died" ]; then
    active=failed
  elif [ -z "$main" ] && [ "$active" = active ]; then
    # The bracket keeps this grep from finding itself. A container has processes of the same name.
    main=$(grep -l -z -x "[/].*bin/$stem" /proc/[0-9]*/cmdline 2>/dev/null | sed 's/[^0-9]//g' | oldest_process)
    # Scripts that keep a pid file start the leader of a session, and many call it running as long as any process is left.
    if [ -n "$main" ] && grep -q -i pidfile "/etc/init.d/$1" && ! leads_session "$main"; then active=inactive main=; fi
  fi
  set -f
}

is_alive() {
  case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
    '' | Z* | X*) return 1 ;;
  esac
}

leads_session() {
  [ "$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 4)" = "$1" ]
}

# live_process FILE: the process that a pid file speaks of, while it runs.
live_process() {
  [ -f "$1" ] || return 0
  read -r number _ <"$1" || [ -n "${number:-}" ] || return 0
  case $number in
    '' | *[!0-9]*) ;;
    *) ! is_alive "$number" || echo "$number" ;;
  esac
}

oldest_process() {
  here=$(readlink /proc/self/ns/pid)
  while read -r number; do
    [ "$(readlink "/proc/$number/ns/pid")" = "$here" ] || continue
    printf '%s %s\n' "$(sed 's/.*) //' "/proc/$number/stat" 2>/dev/null | cut -d ' ' -f 20)" "$number"
  done | sort -n | sed -n '1s/.* //p'
}

# Whether it comes up with the machine.
service_enabled() {
  case $kind in
    upstart)
      if grep -q -s '^manual' "/etc/init/$1.override"; then echo disabled; else echo enabled; fi
      ;;
    script)
      set +f
      enabled=disabled
      for link in /etc/rc[2345].d/S[0-9][0-9]"$1"; do
        [ ! -e "$link" ] || enabled=enabled
      done
      set -f
      echo "$enabled"
      ;;
  esac
}

# The services that Pacemaker starts and stops, one a line.
cluster_services() {
  command -v cibadmin >/dev/null || return 0
  within 10 cibadmin -Q -l -o resources 2>/dev/null | grep '<primitive ' |
    grep -e 'class="lsb"' -e 'class="service"' -e 'class="upstart"' | sed -n 's/.* type="\([^"]*\)".*/\1/p'
}

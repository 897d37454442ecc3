# Steps on libvirt's secrets and on units.

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
  guest_secrets >"$work/out"
  [ "$(tail -n 1 "$work/out")" = all ] || fail command "reading the guests failed"
  if grep -F -e "uuid='$1'" -e "usage='$2'" "$work/out" >/dev/null; then
    fail conflict "a guest uses the libvirt secret $1"
  fi
  quietly "removing the libvirt secret $1" ask_libvirt secret-undefine "$1"
  ok 'done'
}

reload_units() {
  if [ ! -d /run/systemd/system ]; then
    ok already
    return
  fi
  quietly 'systemctl daemon-reload' within 60 systemctl daemon-reload
  ok 'done'
}

# Never starts what somebody has stopped.
restart_unit() {
  if [ ! -d /run/systemd/system ]; then
    restart_service "$1"
    return
  fi
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
  quietly "restarting $1" within 60 systemctl restart --no-block "$1" 9>&-
  ok 'done'
}

# As restart_unit, on a machine without systemd: nobody there follows a restart, so a shell of ours stays for it and
# holds the lock of its note. What `restart` started must still run some seconds later.
restart_service() {
  look_at_service "$1"
  case $pending/$kind/$active in
    yes/*) ok already && return ;;
    no/none/*) ok skipped it is not-found && return ;;
    no/*/inactive) ok skipped it is stopped && return ;;
    no/*/deactivating) ok skipped it is stopping && return ;;
  esac
  command -v flock >/dev/null || fail unsupported 'flock is not installed'
  read -r boot </proc/sys/kernel/random/boot_id
  begun="$boot $(sed 's/.*) //' /proc/self/stat | cut -d ' ' -f 20)"
  exec 8>>"$state/restart.$1"
  flock -n 8 || fail busy "$1 is being restarted"
  echo "$begun begun" >"$state/restart.$1"
  see_through "$1" &
  exec 8>&-
  ok 'done'
}

# The daemon gets neither the lock nor our directory of temporary files.
see_through() {
  # With exec: of what is redirected for one call only, a shell keeps a copy, and the connection would wait for that.
  exec </dev/null >/dev/null 2>&1 9>&-
  unset TMPDIR
  cd /
  if bring_back "$1" 8>&-; then
    sleep 5 8>&-
    look_at_service "$1" 8>&-
    if [ "$active" = active ]; then code=0; else code=1; fi
  else
    code=1
  fi
  echo "$begun $code" >"$state/restart.$1"
}

bring_back() {
  case $kind/$active in
    # Upstart does not restart what gave up.
    upstart/failed) within 900 initctl start "$1" ;;
    upstart/*) within 900 initctl restart "$1" ;;
    script/*) within 900 env -i PATH="$PATH" TERM=dumb "/etc/init.d/$1" restart ;;
    control/*) within 900 su -s /bin/sh "$(stat -c %U "/proc/$main")" -c 'exec glance-control api restart' ;;
  esac
}

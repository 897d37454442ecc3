# Steps on libvirt's secrets and on units. Another init system is another way to restart here.

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

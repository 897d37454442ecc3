# Steps on files and directories.

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
    # A file system may keep none.
    case $(stat -c %C "$1" 2>/dev/null) in
      '' | '?') ;;
      *) quietly "giving $1 its SELinux label" chcon --reference="$1" "$new" ;;
    esac
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
  set +f
  rm -f "$state"/restart.*
  set -f
  remove_file "$1" "$2"
}

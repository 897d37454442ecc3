# Shared beginning of both scripts. It needs POSIX sh, awk, sed, coreutils, and the tools of the host's own role.
# Everything is a function until the last line, so that half a script, from a connection that broke, does nothing.
# $nonce is random, so no file's content and no program's output can pass for a line of ours.

set -u
set -f # no word of a list is ever a pattern; globbing is switched on where it is wanted
unset IFS ENV BASH_ENV CDPATH LD_PRELOAD LD_LIBRARY_PATH
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
umask 077

tell() {
  printf '\n== %s %s\n' "$nonce" "$*"
}

# Before coreutils 8.5, timeout could not kill what does not mind being asked to end.
learn_tools() {
  give_up='-s KILL'
  ! timeout -k 2 5 true 2>/dev/null || give_up='-k 2'
}

# A program beside the shell, given up on after some seconds.
within() {
  # shellcheck disable=SC2086
  timeout $give_up "$@"
}

# By what the distribution calls itself: the tools of the other family may be installed beside its own.
package_family() {
  if grep -q -s -E '^ID(_LIKE)?=.*(rhel|fedora|centos|suse)' /etc/os-release; then
    echo rpm
  elif command -v dpkg-query >/dev/null; then
    echo dpkg
  elif command -v rpm >/dev/null; then
    echo rpm
  fi
}

ask_libvirt() {
  within 20 virsh -q -c qemu:///system "$@"
}

# The fingerprint of a secret's value (or nothing): the value goes from pipe to pipe, never into an argument.
libvirt_value_hash() {
  ask_libvirt secret-get-value "$1" 2>/dev/null | tr -d '\r\n ' | sha256sum
}

# Of every guest, running and defined: its UUID, its secrets, and as whom it opens which images of RBD, disk by disk. The
# last line is `all`, or `some` where one that was listed could not be read: it went meanwhile, or libvirt stopped answering.
guest_secrets() {
  guests_told=some
  if read_guests || read_guests; then
    guests_told=all
  fi
  printf '%s\n%s\n' "$guests" "$guests_told"
}

read_guests() {
  guests=
  listed=$(ask_libvirt list --all --uuid 2>/dev/null) || return 1
  guest_commands=
  guest_count=0
  for guest in $listed; do
    case $guest in
      *[!0-9a-f-]*) ;;
      *)
        guest_commands="$guest_commands dumpxml $guest; dumpxml --inactive $guest;"
        guest_count=$((guest_count + 1))
        ;;
    esac
  done
  [ "$guest_count" -gt 0 ] || return 0
  guests=$(
    ask_libvirt "$guest_commands" 2>/dev/null |
      grep -e '^  <uuid>' -e '<secret ' -e '<auth ' -e "<source protocol='rbd'" -e '</disk>'
  )
  [ "$(printf '%s\n' "$guests" | grep '^  <uuid>' | sort -u | wc -l)" -eq "$guest_count" ]
}

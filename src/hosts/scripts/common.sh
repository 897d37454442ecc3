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

# A program beside the shell, given up on after some seconds.
within() {
  timeout -k 2 "$@"
}

ask_libvirt() {
  within 20 virsh -q -c qemu:///system "$@"
}

# The fingerprint of a secret's value (or nothing): the value goes from pipe to pipe, never into an argument.
libvirt_value_hash() {
  ask_libvirt secret-get-value "$1" 2>/dev/null | tr -d '\r\n ' | sha256sum
}

# UUID lines and secret elements of every guest, running and defined.
guest_secrets() {
  guest_commands=
  for guest in $(ask_libvirt list --all --uuid); do
    case $guest in
      *[!0-9a-f-]*) ;;
      *) guest_commands="$guest_commands dumpxml $guest; dumpxml --inactive $guest;" ;;
    esac
  done
  if [ -n "$guest_commands" ]; then
    ask_libvirt "$guest_commands" 2>/dev/null | grep -e '^  <uuid>' -e '<secret '
  fi
}

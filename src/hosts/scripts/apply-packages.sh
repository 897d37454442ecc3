# The step on packages. Another family of distributions is another way to do the same here.

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

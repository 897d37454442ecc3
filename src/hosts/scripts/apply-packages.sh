# The step on packages. Another family of distributions is another way to do the same here.

install_packages() {
  case $(package_family) in
    dpkg) install_debs "$@" ;;
    rpm) install_rpms "$@" ;;
    *) fail unsupported 'packages are only installed with apt, dnf and yum so far' ;;
  esac
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
install_debs() {
  command -v apt-get >/dev/null || fail unsupported 'apt-get is not installed'
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

missing_rpms() {
  for package in "$@"; do
    rpm -q --quiet "$package" 2>/dev/null || printf ' %s' "$package"
  done
}

# yum would wait for ever for another one that holds its lock.
rpm_tool() {
  if command -v dnf >/dev/null; then
    within 600 dnf --setopt=install_weak_deps=False "$@"
  else
    within 600 yum "$@"
  fi
}

# Shows what would be done; it ends with 1 in any case.
plan_rpms() {
  rpm_tool --assumeno install "$@" >"$work/out" 2>&1
  grep -q '^Transaction Summary' "$work/out" && ! grep -q -e '^No package ' -e '^No match for ' "$work/out"
}

# shellcheck disable=SC2086
install_rpms() {
  command -v dnf >/dev/null || command -v yum >/dev/null || fail unsupported 'neither dnf nor yum is installed'
  missing=$(missing_rpms "$@")
  if [ -z "$missing" ]; then
    ok already
    return
  fi
  if ! plan_rpms $missing; then
    quietly 'forgetting old lists of packages' rpm_tool -q clean expire-cache
    plan_rpms $missing || fail command "finding the packages$missing failed"
  fi
  # Each kind of change stands under a heading of its own; `replacing` tells of what makes way.
  changed=$(awk '/^[A-Za-z].*:$/ { harms = /^(Upgrading|Updating|Downgrading|Removing|Obsoleting|Replacing)/; next }
    /^[A-Z=]/ { harms = 0 } harms && /^ [^ ]/ { print $1 } $1 == "replacing" { print $2 }' "$work/out" | sort | tr '\n' ' ')
  [ -z "$changed" ] || fail refused "installing$missing would upgrade or remove ${changed% }: do that by hand first"
  quietly "installing$missing" rpm_tool -y -q install $missing
  still=$(missing_rpms "$@")
  [ -z "$still" ] || fail refused "after installing there is still no$still"
  ok 'done' "installed$missing"
}

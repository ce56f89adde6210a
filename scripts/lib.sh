# shellcheck shell=bash
# Sourced by the programs in this folder: finds Python, makes .venv, installs a lock file into it.
# Every failure is one sentence on standard error and exit code 2.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
venv="$root/.venv"

fail() {
  printf '%s\n' "$1" >&2
  exit 2
}

# The first Python that is new enough, in $python. $PYTHON, where given, is the only candidate.
find_python() {
  local candidate found="" modules='import ensurepip, venv'
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      python="$candidate"
      "$candidate" -c "$modules" >/dev/null 2>&1 && return
      found="$candidate"
    fi
    [[ -n "${PYTHON:-}" ]] && break
  done
  [[ -z "$found" ]] || fail "$found lacks the modules venv and ensurepip: install them (on Debian and Ubuntu the package python3-venv), or name another Python in PYTHON."
  fail "Python 3.11 or newer is needed, and ${PYTHON:-no python3 on the PATH} is: install it, or name one in PYTHON."
}

# Whether .venv works and holds what requirements/$1.txt says. The full lock contains the runtime.
is_installed() {
  "$venv/bin/python" -c '' 2>/dev/null || return 1
  cmp -s "$root/requirements/$1.txt" "$venv/installed-$1.txt" ||
    cmp -s "$root/requirements/lock.txt" "$venv/installed-lock.txt"
}

# need_space MEGABYTES: stop where the disk under the clone has less room than the packages need.
need_space() {
  local free
  free="$(df -Pk "$root" | awk 'NR == 2 { print int($4 / 1024) }')"
  [[ "$free" -ge "$1" ]] ||
    fail "The disk that holds $root is full: $free MB are free, and the packages need $1 MB."
}

explain_install() {
  if grep -qE 'No space left on device|Disk quota exceeded' "$1"; then
    fail "The disk is full: the packages do not fit below $root. Free some space, then retry."
  elif grep -qE 'Permission denied|Read-only file system' "$1"; then
    fail "This user may not write to $root: clone the repository where you may."
  fi
  tail -n 12 "$1" >&2
  fail "The packages could not be installed; everything pip said is above, or in full in $1."
}

# private_log FILE: make the file and its folders where they are missing, for this user alone.
private_log() {
  (umask 077 && mkdir -p "$(dirname "$1")" && : >>"$1")
}

# Whether the environment or .env says that people work with this installation.
is_production() {
  [[ "${ENVIRONMENT:-$(sed -n 's/^ENVIRONMENT=//p' "$root/.env" 2>/dev/null)}" == production ]]
}

# install NAME: make .venv where it is missing or broken, and install requirements/NAME.txt. In
# production nothing is installed by the way: docs/deployment.md says how.
install() {
  local log name="$1"
  is_production && [[ -x "$venv/bin/python" ]] && return
  is_installed "$name" && return
  find_python
  log="$root/var/log/install.log"
  private_log "$log" 2>/dev/null || fail "This user cannot write to $root: clone the repository where you may write, and see that the disk is not full."
  need_space "$([[ "$name" == runtime ]] && echo 500 || echo 900)"
  if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "Making .venv with $("$python" --version) ..."
    "$python" -m venv --clear "$venv" >"$log" 2>&1 || explain_install "$log"
  fi
  echo "Installing packages from requirements/$name.txt (about half a minute) ..."
  rm -f "$venv"/installed-*.txt
  "$venv/bin/python" -m pip install --disable-pip-version-check --require-hashes --quiet \
    -r "$root/requirements/$name.txt" >"$log" 2>&1 || explain_install "$log"
  cp "$root/requirements/$name.txt" "$venv/installed-$name.txt"
}

# Read in by the scripts beside it: goes to the repository, finds a Python, and keeps .venv as the lock files say.
# Sets: root, python, venv. Gives: fail SENTENCE, find_python, need FILE...

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

self=$0
[ ! -h "$self" ] || self=$(readlink -f -- "$self")
root=$(CDPATH='' cd -- "$(dirname -- "$self")/.." && pwd -P) || fail "The repository's folder cannot be entered."
export OPSPORTAL_CALLED_FROM="${OPSPORTAL_CALLED_FROM:-$PWD}"
cd -- "$root" || fail "$root cannot be entered."
unset PYTHONHOME PYTHONPATH
venv=${OPSPORTAL_VENV:-$root/.venv}
case $venv in /*) ;; *) venv=$OPSPORTAL_CALLED_FROM/$venv ;; esac

find_python() {
    python='' old='' bare=''
    for candidate in ${OPSPORTAL_PYTHON:+"$OPSPORTAL_PYTHON"} python3 python3.13 python3.12 python3.11 python3.14; do
        if ! "$candidate" -c 'pass' >/dev/null 2>&1; then
            :
        elif ! "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            old=${old:-$("$candidate" -c 'import platform; print(platform.python_version())')}
        elif ! "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            bare=${bare:-$candidate}
        else
            python=$candidate
            return
        fi
        [ -z "${OPSPORTAL_PYTHON:-}" ] || break
    done
    [ -z "$bare" ] || fail "$bare has no venv module (ensurepip): install it, on Debian and Ubuntu by 'apt-get install python3-venv'."
    [ -z "$old" ] || fail "Python $old is too old: Opsportal needs Python 3.11 or newer; OPSPORTAL_PYTHON may name one."
    fail "No Python was found: Opsportal needs Python 3.11 or newer; OPSPORTAL_PYTHON may name one."
}

# Each file that was installed lies in the venv as a copy, so an unchanged one costs a comparison.
need() {
    for file in "$@"; do
        if ! cmp -s "$file" "$venv/installed-$file" || ! "$venv/bin/python" -c 'pass' >/dev/null 2>&1; then
            find_python
            "$python" bin/_venv.py "$venv" "$@" || exit 1
            return
        fi
    done
}

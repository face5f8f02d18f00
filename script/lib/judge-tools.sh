# The tools that judge Dockerfile, etcd-cluster.yaml and deploy/: two virtual environments in .build/judges. To be
# sourced.
# shellcheck shell=bash
#
#   . script/lib/judge-tools.sh
#   set_up_judge_tools && .build/judges/tools/bin/python -m pytest Tests/Deploy

# Makes the virtual environment $1 hold exactly the packages of the list $2. Done before with the same list and the same
# Python: nothing to do. Interrupted before: done anew.
_set_up_environment() {
    local environment=$1 list=$2 stamp
    stamp=$(python3 --version && cat "$list") || return
    [ "$(cat "$environment/stamp" 2>/dev/null)" = "$stamp" ] && return
    rm -rf "$environment"
    if ! python3 -m venv "$environment"; then
        echo "cannot make a virtual environment: install python3 and its venv module (Debian: python3-venv)" >&2
        return 1
    fi
    if ! "$environment/bin/pip" --quiet --disable-pip-version-check install --no-deps --requirement "$list"; then
        echo "cannot install $list: it needs Python 3.10 or later and the package index within reach" >&2
        return 1
    fi
    printf '%s\n' "$stamp" >"$environment/stamp"
}

# Fails, with the reason on standard error, if a judge cannot be had.
set_up_judge_tools() {
    local root
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd) || return
    if ! command -v systemd-analyze >/dev/null; then
        echo "systemd-analyze is missing (Debian and Ubuntu: package systemd)" >&2
        return 1
    fi
    _set_up_environment "$root/.build/judges/tools" "$root/Tests/Deploy/requirements.txt" &&
        _set_up_environment "$root/.build/judges/senza" "$root/Tests/Deploy/requirements-senza.txt"
}

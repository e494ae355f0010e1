#!/bin/sh
# Boots systemd in a namespace of its own, over a copy of this machine that is forgotten afterwards, and lets a Debian package live
# there: packaging/trial.sh dist/hermes-router_*.deb. Wants root, systemd and unshare; takes a minute. Nothing of the machine changes.
set -eu
package=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
space=$(mktemp -d)
group=$(findmnt -no TARGET -t cgroup2 | head -n 1)/hermes-router-trial

leave() {
    [ -z "${unshared:-}" ] || kill -9 "$unshared" 2>/dev/null || :
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || :
        [ -e "$group" ] || break
        sleep 0.3
    done
    rmdir "$space" || :
}
trap leave EXIT

mkdir -p "$group"
sh -c 'echo $$ > "$0/cgroup.procs"; exec "$@"' "$group" \
    unshare --pid --fork --kill-child --mount --uts --ipc --cgroup --net "$here/trial_boot.sh" "$space" "$package" "$here" &
unshared=$!
while ! init=$(pgrep -P "$unshared"); do sleep 0.1; done

inside() {
    nsenter -t "$init" -m -p -u -i -n -C env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
}
tries=0
until inside systemctl is-active --quiet multi-user.target 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "systemd does not boot here" >&2; exit 1; }
    sleep 0.2
done
inside sh /run/trial/trial_story.sh /run/package.deb

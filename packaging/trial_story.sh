#!/bin/sh
# What happens to a package under a real systemd. Ends at the first thing that is not as it should be.
set -eu
package=$1
here=http://127.0.0.1:8319/health

chapter() { printf '%s\n' "- $*"; }
states() { systemctl show --property=ActiveState --value hrd.service hrd.socket | paste -sd' ' | tr -s ' '; }
pid() { systemctl show --property=MainPID --value hrd.service; }
must_be() { [ "$2" = "$1" ] || { echo "this should be '$1' and is '$2'" >&2; systemctl status hrd.service --no-pager >&2; exit 1; }; }
must_say() { grep -q "$1" "$2" || { echo "this should say '$1':" >&2; cat "$2" >&2; exit 1; }; }
must_fail() { if "$@"; then must_be "a failure of $*" "a success"; fi; }
as() {
    user=$1
    shift
    setpriv --reuid "$user" --regid "$user" --init-groups env HOME="/home/$user" "$@"
}
serves() { curl --silent --fail --max-time 20 --output /dev/null "$here"; }
until_active() {
    tries=0
    while [ "$(states)" != "active active" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || must_be "active active" "$(states)"
        sleep 0.1
    done
}

chapter "a package is installed: the service runs, and will at boot"
dpkg --install "$package" >/run/log.txt 2>&1 || { cat /run/log.txt; exit 1; }
must_be "active active" "$(states)"
must_be "enabled enabled" "$(systemctl is-enabled hrd.service hrd.socket | paste -sd' ')"
serves
must_be "750 hermes-router" "$(stat -c '%a %U' /etc/hermes-router)"
must_be "600 hermes-router" "$(stat -c '%a %U' /etc/hermes-router/.env)"
must_be "700 hermes-router" "$(stat -c '%a %U' /var/lib/hermes-router)"
must_be "600 hermes-router" "$(stat -c '%a %U' /var/lib/hermes-router/auth.json)"
must_be "660 hermes-router hermes-router" "$(stat -c '%a %U %G' /run/hermes-router/control.sock)"

chapter "a member of the group steers it, a stranger is told what to do"
useradd --create-home trial-member
usermod --append --groups hermes-router trial-member
useradd --create-home trial-stranger
as trial-member hr mode sequential >/dev/null
grep -q '^ROTATION_MODE=sequential$' /etc/hermes-router/.env
must_be "600 hermes-router" "$(stat -c '%a %U' /etc/hermes-router/.env)"
must_fail as trial-stranger hr mode parallel 2>/run/log.txt
must_say "sudo usermod -aG hermes-router trial-stranger" /run/log.txt

chapter "hr restart and systemctl reload replace the process, and systemd follows"
old=$(pid)
hr restart >/dev/null
[ "$(pid)" != "$old" ] || must_be "another pid than $old" "$(pid)"
serves
old=$(pid)
systemctl reload hrd.service
[ "$(pid)" != "$old" ] || must_be "another pid than $old" "$(pid)"
must_be "active active" "$(states)"

chapter "a package is renewed under load: no request fails"
(while [ ! -e /run/enough ]; do serves || echo failed; done) >/run/failures.txt 2>&1 &
load=$!
old=$(pid)
dpkg --install "$package" >/run/log.txt 2>&1 || { cat /run/log.txt; exit 1; }
[ "$(pid)" != "$old" ] || must_be "another pid than $old" "$(pid)"
sleep 1
touch /run/enough
wait "$load"
must_be "" "$(cat /run/failures.txt)"

chapter "a crash: what comes meanwhile waits in the socket"
kill -9 "$(pid)"
serves
until_active

chapter "systemctl stop keeps the port: the next request starts the service again"
systemctl stop hrd.service 2>/dev/null
must_be "inactive active" "$(states)"
serves
until_active

chapter "hr stop stays stopped"
hr stop >/dev/null
sleep 0.5
must_be "inactive inactive" "$(states)"
must_fail serves
systemctl start hrd.service
until_active
serves

chapter "wrong settings: not started again and again"
echo PORT=wrong >>/etc/hermes-router/.env
must_fail systemctl restart hrd.service 2>/dev/null
must_be failed "$(systemctl show --property=ActiveState --value hrd.service)"
must_be 0 "$(systemctl show --property=NRestarts --value hrd.service)"
sed -i '/^PORT=/d' /etc/hermes-router/.env
systemctl start hrd.service
until_active

chapter "a hang: the watchdog ends it"
stopped=$(pid)
kill -STOP "$stopped"
tries=0
while [ "$(pid)" = "$stopped" ] || [ "$(states)" != "active active" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || must_be "another pid than $stopped" "$(pid)"
    sleep 1
done
serves

chapter "a user has a service of one's own, with the machine's program"
systemctl disable --now --quiet hrd.socket hrd.service
loginctl enable-linger trial-stranger
run=/run/user/$(id -u trial-stranger)
tries=0
until [ -S "$run/systemd/private" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || must_be "a socket" "$run/systemd/private"
    sleep 0.1
done
mine() { as trial-stranger XDG_RUNTIME_DIR="$run" "$@"; }
cat >/run/upstream.py <<'END'
import http.server

REPLY = b'{"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}]}'


class Upstream(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(REPLY)))
        self.end_headers()
        self.wfile.write(REPLY)


http.server.HTTPServer(("127.0.0.1", 8081), Upstream).serve_forever()
END
/usr/bin/python3 /run/upstream.py >/dev/null 2>&1 &
upstream=$!
as trial-stranger mkdir -p /home/trial-stranger/.config/hermes-router
echo LOCAL_BASE_URL=http://127.0.0.1:8081/v1 >/home/trial-stranger/.config/hermes-router/.env
mine hr setup --provider local --model tiny --yes >/run/log.txt
must_say "Hello." /run/log.txt
must_say "hrd does not start by itself" /run/log.txt
serves
mine hr setup --provider local --yes --service >/run/log.txt
must_say "runs as a service" /run/log.txt
kill "$upstream"
serves
mine hr service status >/dev/null
must_be "600 trial-stranger" "$(stat -c '%a %U' "$run/hermes-router/control.sock")"
must_be "600 trial-stranger" "$(stat -c '%a %U' /home/trial-stranger/.local/state/hermes-router/auth.json)"
mine systemctl --user reload hrd.service
mine hr stop >/dev/null
sleep 0.5
must_fail serves
must_fail mine hr service status >/dev/null 2>&1
mine hr service uninstall --user --purge --yes >/dev/null
[ ! -e /home/trial-stranger/.local/state/hermes-router ]

chapter "removed, the settings stay; purged, nothing does"
dpkg --remove hermes-router >/run/log.txt 2>&1
must_be "inactive inactive" "$(states)"
[ -e /etc/hermes-router/.env ]
[ -e /var/lib/hermes-router/auth.json ]
[ ! -e /opt/hermes-router ]
dpkg --purge hermes-router >/run/log.txt 2>&1
[ ! -e /etc/hermes-router ]
[ ! -e /var/lib/hermes-router ]
must_fail id hermes-router >/dev/null 2>&1
must_fail getent group hermes-router >/dev/null
echo "all as it should be"

#!/bin/sh
# Installs the controller from the bundle that this file lies in, or exchanges the version that is there.
#
#   sudo sh install.sh                installs, or updates: nothing is exchanged while a session runs, nor before
#                                     the new version has passed its self-test
#   sudo sh install.sh --uninstall    takes program and services away; records and settings stay
#
# Needs no network. `ionto bundle` makes the bundle; docs/install.md tells the whole story.
set -eu
umask 022

say() { printf 'ionto: %s\n' "$*"; }
fail() { printf 'ionto: %s\n' "$*" >&2; exit "${code:-1}"; }
refuse() { code=5 fail "$@"; }

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
base=/opt/ionto
current=$base/current
settings=/etc/ionto
records=/var/lib/ionto
units=/etc/systemd/system
rules=/etc/udev/rules.d/60-ionto.rules
modules=/etc/modules-load.d/ionto.conf
services='ionto-controller ionto-web ionto-mqtt'
steady_s=10    # a service that starts and ends is seen ending in this time
proven_s=86400 # a version whose services have been up for so long is a good one

[ "$(id -u)" = 0 ] || { code=2 fail "installing needs root: sudo sh $0"; }

systemd_runs() { [ -d /run/systemd/system ]; }
# Is up, or is being started again and again.
runs() { systemd_runs && case $(systemctl is-active "$1") in active | activating | reloading) ;; *) false ;; esac; }

# Nobody may be treated while the program is exchanged: asked of the unit itself, then held by the unit's lock,
# which is the kernel's and ends with this script.
settle() {
    mkdir -p "$base"
    umask 077 # whoever could open it could lock it
    exec 8>"$base/.installing"
    umask 022
    flock -n 8 || refuse "another installation runs: wait for it"
    [ -x "$current/bin/python" ] || return 0
    told=$("$current/bin/python" -I -m app.appliance.idle "$records" 2>&1) || {
        [ $? != 5 ] || refuse "${told#ionto: }; nothing was changed"
        # It is damaged, can't be asked, and is made anew; what runs of it still may be treating somebody.
        ! anything_runs || refuse "the installed program is damaged and can't be asked whether somebody is treated:" \
            "when nobody is, end it: sudo systemctl stop $services"
        rm -f -- "$current/installed"
        return 0
    }
    long_up=
    if up_for_long; then long_up=yes; fi
    for service in $services; do
        if runs "$service"; then
            active="$service $active"
            systemctl stop "$service"
        fi
    done
    bus=$("$current/bin/python" -I -m app.appliance.idle --bus "$settings/unit.yaml") || bus=
    if [ -n "$bus" ] && [ -e "$bus" ]; then
        exec 9<"$bus"
        flock -w 3 9 || { start_again; refuse "the unit at $bus is in use by another program: end that first"; }
    fi
}

# Does a program of the installed version run?
anything_runs() {
    for one in /proc/[0-9]*/cmdline; do
        case $(tr '\0' '\n' <"$one" 2>/dev/null | head -n 1) in "$base"/*) return 0 ;; esac
    done
    return 1
}

# Those that tell are started before the controller: somebody may be treated from then on.
start_again() {
    for service in $active; do systemctl start "$service" || return 1; done
}

main_pids() { for service in $active; do systemctl show --property MainPID --value "$service"; done; }

# They start, and are still the same processes some seconds later.
come_up() {
    start_again || return 1
    [ -n "$active" ] || return 0
    pids=$(main_pids)
    sleep "$steady_s"
    ! printf '%s\n' "$pids" | grep -qx 0 && [ "$(main_pids)" = "$pids" ]
}

# Has everything that is to run been up for a day?
up_for_long() {
    systemd_runs || return 1
    read -r now_s _ </proc/uptime
    for service in $services; do
        case $(systemctl is-enabled "$service" 2>/dev/null) in enabled*) ;; *) runs "$service" || continue ;; esac
        systemctl is-active --quiet "$service" || return 1
        since_us=$(systemctl show --property ActiveEnterTimestampMonotonic --value "$service")
        [ $((${now_s%.*} - since_us / 1000000)) -ge "$proven_s" ] || return 1
    done
    systemctl is-active --quiet ionto-controller
}

# Has the version before treated somebody since it was put in place?
has_treated() {
    [ -f "$before/since" ] &&
        as_unit_python -m app.appliance.idle --treated-since "$(cat -- "$before/since")" "$records" >/dev/null 2>&1
}

uninstall() {
    found=
    for one in "$base" "$units/ionto-controller.service" "$units/ionto-web.service" "$units/ionto-mqtt.service"; do
        if [ -e "$one" ]; then found=yes; fi
    done
    [ -n "$found" ] || { code=2 fail "nothing is installed here: there is no $base and no service of ours."; }
    settle
    for service in $services; do
        if systemd_runs; then systemctl disable --quiet "$service" 2>/dev/null || :; fi
        rm -f -- "$units/$service.service"
    done
    rm -f -- /etc/systemd/system.conf.d/50-ionto-watchdog.conf "$modules" "$rules"
    if systemd_runs; then systemctl daemon-reload; fi
    if [ "$(readlink /usr/local/bin/ionto || :)" = "$current/bin/ionto" ]; then rm -f -- /usr/local/bin/ionto; fi
    rm -rf -- "$base"
    say "program and services are gone; records stay in $records, settings in $settings."
}

check_machine() {
    command -v python3 >/dev/null 2>&1 || fail "python3 is missing: sudo apt install python3 python3-venv"
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed"
    python3 -c 'import ensurepip, venv' 2>/dev/null || fail "Python's venv is missing: sudo apt install python3-venv"
    if [ ! -e /usr/lib/python3/dist-packages/lgpio.py ]; then
        say "python3-lgpio is missing: no pin of a Pi can be driven without it. On Raspberry Pi OS:" \
            "sudo apt install python3-lgpio. Debian has no such package: install on Raspberry Pi OS."
    fi
}

check_bundle() {
    [ -f "$here/SHA256SUMS" ] || { code=2 fail "$here is no bundle: make one with ionto bundle"; }
    (cd -- "$here" && sha256sum --quiet --strict -c SHA256SUMS) >&2 ||
        { code=2 fail "the bundle in $here is damaged: copy it again"; }
    version=$(cat -- "$here/version")
    content=$(sha256sum "$here/SHA256SUMS" | cut -c 1-8)
    target=$base/$version-$content
}

# Who may sign updates is learned from the first bundle, and shown. Later ones are checked by `ionto update` of the
# version that is installed then, before anything of them runs.
check_signer() {
    [ ! -e "$settings/allowed_signers" ] && [ -f "$here/SHA256SUMS.sig" ] && [ -f "$here/allowed_signers" ] || return 0
    command -v ssh-keygen >/dev/null || fail "ssh-keygen is missing: sudo apt install openssh-client"
    said=$(ssh-keygen -Y verify -f "$here/allowed_signers" -I ionto -n ionto-bundle -s "$here/SHA256SUMS.sig" \
        <"$here/SHA256SUMS" 2>&1) ||
        { code=2 fail "the signature in $here is not of this bundle: copy it again (ssh-keygen: $said)"; }
    learned=${said##* key }
}

keep_signer() {
    if [ -n "$learned" ]; then
        install -m 0644 "$here/allowed_signers" "$settings/allowed_signers"
        say "this bundle is signed with $learned. Compare that with what its maker told you: from now on" \
            "ionto update takes what this key signs, and nothing else ($settings/allowed_signers)."
    elif [ ! -e "$settings/allowed_signers" ]; then
        say "this bundle is signed by nobody: ionto update takes no bundle before $settings/allowed_signers names" \
            "who may sign (docs/install.md, Who signs)."
    fi
}

# The account is in no group: only the controller's service is given i2c and gpio.
accounts() {
    for group in ionto i2c gpio; do getent group "$group" >/dev/null || groupadd --system "$group"; done
    getent passwd ionto >/dev/null ||
        useradd --system --gid ionto --home-dir "$records" --no-create-home --shell /usr/sbin/nologin ionto
    install -d -m 0755 "$settings"
    install -d -o ionto -g ionto -m 0750 "$records"
}

# A directory without the stamp is one that a power cut left: it is made anew.
build() {
    [ ! -f "$target/installed" ] || return 0
    say "setting up $target ..."
    built=yes
    rm -rf -- "$target"
    log=$base/.install.log
    export PIP_CONFIG_FILE=/dev/null   # this machine's settings of pip have no say: from where, to where, for whom
    {
        python3 -I -m venv --system-site-packages "$target" &&
            "$target/bin/python" -I -m pip --isolated install --disable-pip-version-check --no-input --no-index \
                --find-links "$here/wheels" --only-binary :all: --require-hashes --ignore-installed \
                --requirement "$here/requirements.lock" &&
            "$target/bin/python" -I -m pip --isolated install --disable-pip-version-check --no-input --no-index \
                --no-deps --ignore-installed "$here"/ionto-*.whl
    } >"$log" 2>&1 || {
        tail -n 5 -- "$log" >&2
        give_up "the program could not be set up; the whole story is in $log"
    }
    install -m 0644 -- "$here/requirements.lock" "$target/requirements.lock" # what ionto doctor compares with
}

# What is shipped beside this script's own copy in the package.
shipped() { "$target/bin/python" -I -c "import app.appliance, sys; print(app.appliance.__path__[0])"; }

self_test() {
    if [ ! -e "$settings/unit.yaml" ]; then
        example=$("$target/bin/python" -I -c 'import config; print(config.__path__[0])')/units/reference.yaml
        install -m 0644 "$example" "$settings/unit.yaml"
        say "$settings/unit.yaml is the reference unit's: edit it for yours."
    fi
    say "testing the new version ..."
    log=$base/.self-test.log
    as_unit check "$settings/unit.yaml" 2>"$log" >/dev/null || {
        tail -n 5 -- "$log" >&2
        give_up "the new version refuses $settings/unit.yaml"
    }
    as_unit run "$files/self-test.yaml" --simulate --speed max --json 2>"$log" >/dev/null || {
        tail -n 5 -- "$log" >&2
        give_up "the new version failed its self-test"
    }
}

as_ionto() { (cd / && setpriv --reuid ionto --regid ionto --clear-groups -- "$@"); }
as_unit() { as_ionto "$target/bin/ionto" "$@"; }
as_unit_python() { as_ionto "$target/bin/python" -I "$@"; }

# What was set up just now and fails doesn't stay; one that was kept before may be the last good one.
drop_new() { if [ -n "$built" ] && [ "$(readlink "$current" || :)" != "$target" ]; then rm -rf -- "$target"; fi; }

give_up() {
    drop_new
    exec 9<&-
    start_again || :
    fail "$*; what was there before stays"
}

point_to() {
    ln -sfn -- "$1" "$base/.current"
    mv -T -- "$base/.current" "$current"
}

place_services() {
    place=$("$1/bin/python" -I -c 'import app.appliance; print(app.appliance.__path__[0])')
    install -d -m 0755 "$units" /etc/systemd/system.conf.d
    # Its own services: a version to go back to may have had fewer.
    install -m 0644 "$place"/ionto-*.service "$units/"
    install -m 0644 "$place/50-ionto-watchdog.conf" /etc/systemd/system.conf.d/
    if systemd_runs; then systemctl daemon-reload; fi
}

# The bus is there at every start of the machine, and bus and pins are the groups', without anybody's chgrp.
open_devices() {
    install -d -m 0755 "${modules%/*}" "${rules%/*}"
    install -m 0644 "$files/ionto-modules.conf" "$modules"
    rm -f -- "$rules"
    for group in gpio i2c; do
        grep -rqs "^[^#]*GROUP=\"$group\"" /etc/udev/rules.d /run/udev/rules.d /usr/lib/udev/rules.d /lib/udev/rules.d ||
            install -m 0644 "$files/60-ionto.rules" "$rules"
    done
    systemd_runs || return 0
    modprobe i2c-dev 2>/dev/null || :
    udevadm control --reload 2>/dev/null && udevadm trigger --subsystem-match=gpio --subsystem-match=i2c-dev || :
}

# The services say themselves whether they came up; where they don't, the version before takes over again.
# The last good version is kept until the one in use is known to be good: others are removed only then.
exchange() {
    before=$(readlink "$current" || :)
    if [ "$before" = "$target" ]; then
        good=
    elif [ -n "$long_up" ] || has_treated; then
        good=$before
    else
        good=
    fi
    [ "$before" = "$target" ] || as_unit_python -m app.appliance.idle --newest "$records" >"$target/since" 2>/dev/null ||
        rm -f -- "$target/since"
    point_to "$target"
    open_devices
    place_services "$target"
    install -d -m 0755 /usr/local/bin
    ln -sfn "$current/bin/ionto" /usr/local/bin/ionto
    exec 9<&-
    if ! come_up; then
        [ -n "$before" ] && [ "$before" != "$target" ] || fail "the services don't start: systemctl status $services"
        for service in $active; do systemctl stop "$service" || :; done
        point_to "$before"
        place_services "$before"
        drop_new
        start_again || fail "neither the new version's services start nor those of $before: systemctl status $services"
        fail "the new version's services don't start and stay up: systemd's journal says why; $before serves again"
    fi
    if [ -z "$good" ]; then
        [ -z "$before" ] || [ "$before" = "$target" ] ||
            say "$before was not in use for long: older versions stay until this one has treated, or was up for a day."
        return 0
    fi
    for old in "$base"/*/; do
        old=${old%/}
        case $old in "$current" | "$target" | "$good") ;; *) rm -rf -- "$old" ;; esac
    done
}

active=
long_up=
built=
learned=
if [ "${1-}" = --uninstall ]; then
    uninstall
    exit 0
fi
[ $# = 0 ] || { code=2 fail "unknown option $1; there is --uninstall"; }
check_machine
check_bundle
check_signer
settle
accounts
build
files=$(shipped)
self_test
: >"$target/installed"
exchange
keep_signer
say "version $version is in place ($target)."
[ -n "$active" ] || say "next: docs/install.md, 'After installing'."

#!/bin/sh
# Run once, by cloud-init, at the first boot of a card that `ionto card` prepared: installs without a network, leaves
# the services off until the unit was commissioned and calibrated, and takes the secrets off the boot partition.
set -u
umask 022
card=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
boot=${card%/*}
log=/var/log/ionto-first-boot.log

install_it() {
    install -D -m 0644 -- "$card/unit.yaml" /etc/ionto/unit.yaml &&
        sh "$card/bundle/install.sh"
}

# Whatever became of the installation. Their content is written over first: a removed file's would stay.
forget_secrets() {
    for one in user-data network-config; do
        shred -n 1 -- "$boot/$one" 2>/dev/null || :
        cp -- "$card/$one.after" "$boot/$one" || return 1
    done
}

systemctl enable --now ssh 2>/dev/null || :  # off on a fresh Raspberry Pi OS; by key alone
if install_it >"$log" 2>&1; then
    told="installed; next: docs/install.md, 'After installing'"
else
    told="NOT installed; $log on the unit has the whole story: $(tail -n 1 -- "$log")"
fi
forget_secrets || told="$told; the Wi-Fi's key could NOT be taken off this partition: remove network-config"
printf '%s\n' "$told" >"$card/result.txt"
cat -- "$card/result.txt"
sync
case $told in installed\;*) ;; *) exit 1 ;; esac

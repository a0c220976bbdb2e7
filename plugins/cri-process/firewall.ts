/** The node's chains of iptables, as constant programs for `/bin/sh`. */

/** $1 name, $2 the node's range, $3 all Pods' range, $4 bridge. Idempotent: rules of host ports stay as they are. */
export const firewall = `
set -e
nat() { iptables -w -t nat "$@"; }
iptables-restore -w --noflush <<END
*nat
:DAVIT-MASQ-$1 - [0:0]
-A DAVIT-MASQ-$1 -s $2 ! -d $3 -j MASQUERADE
-A DAVIT-MASQ-$1 -s 127.0.0.0/8 -o $4 -j MASQUERADE
COMMIT
*filter
:DAVIT-FWD-$1 - [0:0]
-A DAVIT-FWD-$1 -i $4 -j ACCEPT
-A DAVIT-FWD-$1 -o $4 -j ACCEPT
COMMIT
END
nat -N "DAVIT-PORTS-$1" 2>/dev/null || :
local="-m addrtype --dst-type LOCAL"
nat -C POSTROUTING -j "DAVIT-MASQ-$1" 2>/dev/null || nat -A POSTROUTING -j "DAVIT-MASQ-$1"
nat -C PREROUTING $local -j "DAVIT-PORTS-$1" 2>/dev/null || nat -A PREROUTING $local -j "DAVIT-PORTS-$1"
nat -C OUTPUT $local -j "DAVIT-PORTS-$1" 2>/dev/null || nat -A OUTPUT $local -j "DAVIT-PORTS-$1"
iptables -w -C FORWARD -j "DAVIT-FWD-$1" 2>/dev/null || iptables -w -A FORWARD -j "DAVIT-FWD-$1"
`

/** $1 name. Each part may be missing. */
export const removeFirewall = `
nat() { iptables -w -t nat "$@" 2>/dev/null; }
nat -S "DAVIT-MASQ-$1" > /dev/null || exit 0
local="-m addrtype --dst-type LOCAL"
nat -D POSTROUTING -j "DAVIT-MASQ-$1"
nat -D PREROUTING $local -j "DAVIT-PORTS-$1"
nat -D OUTPUT $local -j "DAVIT-PORTS-$1"
iptables -w -D FORWARD -j "DAVIT-FWD-$1" 2>/dev/null
for chain in MASQ PORTS; do nat -F "DAVIT-$chain-$1"; nat -X "DAVIT-$chain-$1"; done
iptables -w -F "DAVIT-FWD-$1" 2>/dev/null
iptables -w -X "DAVIT-FWD-$1" 2>/dev/null
exit 0
`

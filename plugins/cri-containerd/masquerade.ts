/**
 * Two small chains for the node's range of Pods: what leaves the cluster has the machine's own address, and the machine
 * passes on what comes from Pods and goes to them, also where its policy is to drop.
 */
import { command } from './command.js'
import { namesOf } from './conflist.js'

const hooks = [
  { table: 'nat', chain: 'POSTROUTING' },
  { table: 'filter', chain: 'FORWARD' },
] as const

/** For `iptables-restore --noflush`, which empties the chains that it declares: the same each time. */
export function rulesOf(podCidr: string, clusterCidr: string): string {
  const { bridge, chain } = namesOf(podCidr)
  return [
    '*nat',
    `:${chain} - [0:0]`,
    `-A ${chain} -d ${clusterCidr} -j RETURN`,
    `-A ${chain} -d 224.0.0.0/4 -j RETURN`,
    `-A ${chain} ! -o ${bridge} -j MASQUERADE`,
    'COMMIT',
    '*filter',
    `:${chain} - [0:0]`,
    `-A ${chain} -i ${bridge} -j ACCEPT`,
    `-A ${chain} -o ${bridge} -j ACCEPT`,
    'COMMIT',
    '',
  ].join('\n')
}

export async function addRules(podCidr: string, clusterCidr: string): Promise<void> {
  await command('iptables-restore', ['--wait=10', '--noflush'], rulesOf(podCidr, clusterCidr))
  for (const hook of hooks) {
    const jump = jumpOf(hook, podCidr)
    const there = await iptables(hook.table, ['-C', ...jump]).then(
      () => true,
      () => false,
    )
    if (!there) await iptables(hook.table, ['-A', ...jump])
  }
}

/** Idempotent; where a machine has no iptables there are no rules either. */
export async function removeRules(podCidr: string): Promise<void> {
  const { chain } = namesOf(podCidr)
  for (const hook of hooks) {
    for (const args of [
      ['-D', ...jumpOf(hook, podCidr)],
      ['-F', chain],
      ['-X', chain],
    ]) {
      await iptables(hook.table, args).catch(() => undefined)
    }
  }
}

function jumpOf({ table, chain }: (typeof hooks)[number], podCidr: string): string[] {
  const { chain: own } = namesOf(podCidr)
  return table === 'nat' ? [chain, '-s', podCidr, '-j', own] : [chain, '-j', own]
}

function iptables(table: string, args: readonly string[]): Promise<string> {
  return command('iptables', ['-w', '10', '-t', table, ...args])
}

/** A container's user, groups and capabilities, as arguments of setpriv(1). */
import { readFile } from 'node:fs/promises'
import { type ContainerSecurity, RuntimeError } from '@davit/core/node'
import type { Machine } from './machine.js'

/** What container engines leave a process that asks for nothing. */
const usualCapabilities = [
  'chown',
  'dac_override',
  'fsetid',
  'fowner',
  'mknod',
  'net_raw',
  'setgid',
  'setuid',
  'setfcap',
  'setpcap',
  'net_bind_service',
  'sys_chroot',
  'kill',
  'audit_write',
]

/** Of capability(7): a name that setpriv does not know would end the container before it began. */
const otherCapabilities = (
  'audit_control audit_read block_suspend bpf checkpoint_restore dac_read_search ipc_lock ipc_owner lease ' +
  'linux_immutable mac_admin mac_override net_admin net_broadcast perfmon sys_admin sys_boot sys_module sys_nice ' +
  'sys_pacct sys_ptrace sys_rawio sys_resource sys_time sys_tty_config syslog wake_alarm'
).split(' ')
const known = new Set([...usualCapabilities, ...otherCapabilities, 'all'])

/** What comes before the number of the user in the arguments. */
export const reuid = '--reuid='

export interface User {
  readonly uid: number
  readonly gid: number
  readonly home: string
}

/** The user whom the container runs as: the machine's own files say its group and home. */
export async function userOf(security: ContainerSecurity): Promise<User> {
  const uid = security.runAsUser ?? process.getuid?.() ?? 0
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const found = text
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[2] === String(uid))
  return { uid, gid: security.runAsGroup ?? Number(found?.[3] ?? 0), home: found?.[5] || '/' }
}

export function rightsOf(security: ContainerSecurity, { uid, gid }: User, machine: Machine): readonly string[] {
  if (!machine.users) return ownRights(security, machine)
  const { supplementalGroups, noNewPrivileges } = security
  const capabilities = capabilitiesOf(security)
  return [
    `${reuid}${uid}`,
    `--regid=${gid}`,
    supplementalGroups.length > 0 ? `--groups=${supplementalGroups.join(',')}` : '--clear-groups',
    '--inh-caps=-all',
    ...(capabilities === 'all' ? [] : [`--bounding-set=-all${capabilities.map((name) => `,+${name}`).join('')}`]),
    ...(noNewPrivileges ? ['--no-new-privs'] : []),
  ]
}

export function capabilitiesOf(security: ContainerSecurity): 'all' | readonly string[] {
  const [add, drop] = [security.addCapabilities.map(plain), security.dropCapabilities.map(plain)]
  const unknown = [...add, ...drop].find((name) => !known.has(name))
  if (unknown !== undefined) throw new RuntimeError('CreateContainerError', `there is no capability ${unknown.toUpperCase()}`)
  if (security.privileged || (add.includes('all') && drop.length === 0)) return 'all'
  const names = new Set(drop.includes('all') ? [] : usualCapabilities)
  for (const name of drop) names.delete(name)
  for (const name of add) names.add(name)
  return [...names].sort()
}

function plain(name: string): string {
  return name.toLowerCase().replace(/^cap_/, '')
}

/** Without privileges a container is Davit's own user, and what asks for another is refused. */
function ownRights(security: ContainerSecurity, { tools }: Machine): readonly string[] {
  const { runAsUser, runAsGroup, privileged, addCapabilities, noNewPrivileges } = security
  if (runAsUser !== undefined && runAsUser !== process.getuid?.()) throw refusal(`run as user ${runAsUser}`)
  if (runAsGroup !== undefined && runAsGroup !== process.getgid?.()) throw refusal(`run as group ${runAsGroup}`)
  if (privileged) throw refusal('be privileged')
  if (addCapabilities.length > 0) throw refusal(`have the capabilities ${addCapabilities.join(', ')}`)
  if (!noNewPrivileges) return []
  if (!tools.setpriv) throw new RuntimeError('CreateContainerError', 'allowPrivilegeEscalation: false needs the program setpriv')
  return ['--no-new-privs']
}

function refusal(wish: string): RuntimeError {
  return new RuntimeError('CreateContainerError', `the container cannot ${wish}: Davit runs without the privileges for it`)
}

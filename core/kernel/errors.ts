/**
 * The errors that users see, and the table of their codes: what each means and what to do. `docs/errors.md` is made
 * from this table. Codes are never renamed or used for something else; new ones go in alphabetical order.
 */
interface ErrorEntry {
  readonly meaning: string
  readonly action: string
}

export const errorTable = {
  DAVIT_API_ADDRESS: {
    meaning: 'The API server cannot listen at the configured address.',
    action: 'Free the port, or set `address` and `port` of the plugin `api-server` to ones that are free on this machine.',
  },
  DAVIT_API_TOKEN_FILE: {
    meaning: 'The file of static bearer tokens cannot be read or has a broken line.',
    action:
      'Name a file that exists and can be read; where the message names a line, correct it: `token,user,uid,"group1,group2"`.',
  },
  DAVIT_CONFIG_INVALID: {
    meaning: 'A plugin’s configuration does not match its schema.',
    action: 'Correct the key that the message names; it shows the value that was found and what is allowed.',
  },
  DAVIT_CONFIG_SCHEMA: {
    meaning: 'The configuration schema that a plugin declares is itself broken.',
    action: 'Report it to the author of the plugin that the message names.',
  },
  DAVIT_CONFIG_VERSION: {
    meaning: 'A configuration entry has a version that its plugin cannot read.',
    action: 'Use a version that the plugin knows, or a newer release of the plugin.',
  },
  DAVIT_DATA_DIRECTORY: {
    meaning: 'The data directory cannot be made, read or written.',
    action: 'Correct what the message says is wrong with it, or choose another with `--data-dir`.',
  },
  DAVIT_DEADLINE: {
    meaning: 'A plugin did not finish setup, start, drain or dispose in time.',
    action:
      'Look at the log of the plugin that the message names; it waits for something. Raise its `deadlineMs` if that is normal.',
  },
  DAVIT_JOIN_CA: {
    meaning: 'The server that an agent is to join is not the one that it was told to trust, or does not show its CA.',
    action:
      'Compare `--server` and `--ca-hash` with what `davit token create` printed. If the cluster has another CA now, remove the folder pki of the data directory of the agent and join again.',
  },
  DAVIT_JOIN_CLOCK: {
    meaning: 'By the clock of this machine a certificate is not valid yet, or no longer.',
    action: 'Set the clock of the machine that the message names, and of the other if need be; then start the agent again.',
  },
  DAVIT_JOIN_NAME: {
    meaning: 'The name of an agent is that of another node, or not the one that its data directory belongs to.',
    action: 'Choose another with `--name`, or stop the other agent and remove its Node with `kubectl delete node`.',
  },
  DAVIT_JOIN_REFUSED: {
    meaning: 'The cluster does not give an agent the certificate of its node, or does not take the one that it has.',
    action:
      'Look at the certificate request that the message names (`kubectl get csr`), and run `davit token create` once: it makes the roles that nodes need.',
  },
  DAVIT_JOIN_TOKEN: {
    meaning: 'An agent that is no node of the cluster yet has no token, or one that is wrong or has expired.',
    action: 'Make a new one at the server with `davit token create`, and give it to the agent with `--token`.',
  },
  DAVIT_KERNEL_STOPPED: {
    meaning: 'Something was asked of a kernel that has been stopped.',
    action: 'Start the process again.',
  },
  DAVIT_KUBECONFIG: {
    meaning: 'A kubeconfig file cannot be written or read, or lacks what is needed to reach the cluster.',
    action:
      'Correct what the message names, or name another file with `--kubeconfig`. Credentials must stand in the file or in files beside it, not come from a program.',
  },
  DAVIT_PKI_CA_EXPIRED: {
    meaning: 'The certificate of the cluster’s own authority has expired.',
    action: 'Move the directory that the message names away; the next start makes new keys, and clients need the new kubeconfig.',
  },
  DAVIT_PKI_DIFFERS: {
    meaning: 'Servers that share a store are one cluster, but this one has keys of its own.',
    action:
      'Copy ca.key, ca.crt and service-account.key from the folder pki in the data directory of a server that runs into that of this one, and remove its other certificates there.',
  },
  DAVIT_PKI_UNREADABLE: {
    meaning: 'A key or certificate of the cluster is damaged, or the two do not belong together.',
    action: 'Restore the file from a backup, or remove the pair that the message names so that it is made anew.',
  },
  DAVIT_PLUGIN_API: {
    meaning: 'A plugin is written for another version of the plugin API.',
    action: 'Install a release of the plugin for this version of Davit.',
  },
  DAVIT_PLUGIN_CYCLE: {
    meaning: 'Plugins require each other in a circle, so none of them can come first.',
    action: 'Break the circle that the message prints: one of the tokens should be a `many` token or a slot.',
  },
  DAVIT_PLUGIN_DUPLICATE: {
    meaning: 'Two configuration entries have the same plugin id and name.',
    action: 'Remove one of them, or give one a name.',
  },
  DAVIT_PLUGIN_EXPORT: {
    meaning: 'A plugin file or package has no plugin as its default export.',
    action: 'Write `export default definePlugin({ … })`.',
  },
  DAVIT_PLUGIN_FAILED: {
    meaning: 'A plugin threw while it was set up or started, and its entry does not say `optional: true`.',
    action: 'Look at the cause in the message. `optional: true` lets the process start without the plugin.',
  },
  DAVIT_PLUGIN_INVALID: {
    meaning: 'A plugin’s description, or what its setup returned, breaks the rules of the plugin contract.',
    action: 'Report it to the author of the plugin that the message names.',
  },
  DAVIT_PLUGIN_LOAD: {
    meaning: 'A plugin’s source could not be found, compiled or run.',
    action: 'Correct the file at the line that the message names.',
  },
  DAVIT_PLUGIN_MISSING: {
    meaning: 'A plugin requires a token that no running plugin provides.',
    action: 'Add a plugin that provides the token, or remove the one that requires it.',
  },
  DAVIT_PLUGIN_UNKNOWN: {
    meaning: 'A reload names a plugin that this process does not run.',
    action: 'Look up the ids with `davit plugin list`.',
  },
  DAVIT_POLICY_FAILED: {
    meaning: 'A scheduling policy threw an error instead of answering. The Pod is tried again later; other Pods go on.',
    action: 'Report it to the author of the plugin that gives the policy; until then take the plugin out of the configuration.',
  },
  DAVIT_PROVIDER_CONFLICT: {
    meaning: 'Two plugins provide the same token, of which there may be only one provider.',
    action: 'Remove one of the two plugins that the message names from the configuration.',
  },
  DAVIT_PROXY_UNUSABLE: {
    meaning: 'None of the proxy modes that a node asks for works on this machine.',
    action:
      'Do what the message says for the mode, or choose another with `--proxy` or `nodes[].proxy.id` (`none` goes without).',
  },
  DAVIT_RELOAD_FAILED: {
    meaning: 'A reload failed; what ran before runs again.',
    action: 'Look at the cause in the message, correct it and reload again.',
  },
  DAVIT_ROLLBACK_FAILED: {
    meaning: 'A reload failed, and what ran before did not come up again either.',
    action: 'Restart the process; the message has both causes.',
  },
  DAVIT_RUNTIME_UNUSABLE: {
    meaning: 'None of the container runtimes that a node may use works on this machine.',
    action: 'Do what the message says for one of them, or name another with `--runtime` or `nodes[].runtime.id`.',
  },
  DAVIT_SLOT_ERROR: {
    meaning: 'A plugin’s tap on a slot threw an error.',
    action: 'Report it to the author of the plugin that the message names; a verdict should be returned, not thrown.',
  },
  DAVIT_SNAPSHOT_CORRUPT: {
    meaning: 'A snapshot file is damaged, cut off, or not a snapshot of a version that can be read.',
    action: 'Use another snapshot. Nothing of this one was loaded.',
  },
  DAVIT_SNAPSHOT_EXISTS: {
    meaning: 'The file that a snapshot should be written to exists already.',
    action: 'Name a file that does not exist; a snapshot never overwrites one.',
  },
  DAVIT_SNAPSHOT_FAILED: {
    meaning: 'A snapshot file could not be read or written.',
    action: 'Look at the cause in the message: the directory must exist, be writable and have room.',
  },
  DAVIT_STORE_CLOSED: {
    meaning: 'Something was asked of a store that is closed.',
    action: 'Nothing, if the process is stopping; else start it again.',
  },
  DAVIT_STORE_COMPACTED: {
    meaning: 'A read or watch wants a revision whose history is no longer kept.',
    action: 'List anew and watch from there. Keep more history with `retainSeconds` and `retainRevisions` of the store plugin.',
  },
  DAVIT_STORE_FAILED: {
    meaning: 'The store’s disk cannot be read.',
    action: 'Look at the cause in the message; check the disk of the data directory, then start the process again.',
  },
  DAVIT_STORE_FORMAT: {
    meaning: 'The data directory was written by another version, or is not one of a store.',
    action: 'Start the version that wrote it, or point the store plugin at another directory.',
  },
  DAVIT_STORE_FUTURE_REVISION: {
    meaning: 'A read wants a revision that the store has not reached.',
    action: 'Ask again later, or without a revision.',
  },
  DAVIT_STORE_INVALID: {
    meaning: 'A transaction or lease breaks the rules of the store contract.',
    action: 'Report it to the author of the code that the stack names.',
  },
  DAVIT_STORE_LEASE_GONE: {
    meaning: 'A key was to be attached to a lease that has run out or was revoked.',
    action: 'Grant a new lease.',
  },
  DAVIT_STORE_LOCKED: {
    meaning: 'The data directory is in use by another process.',
    action: 'Stop that process, or give this one a directory of its own (`path` of the store plugin).',
  },
  DAVIT_STORE_NOT_EMPTY: {
    meaning: 'A snapshot was to be restored into a store that holds something.',
    action: 'Restore into a new data directory.',
  },
  DAVIT_STORE_OPEN_FAILED: {
    meaning: 'The data directory cannot be opened.',
    action: 'Look at the cause in the message: permissions, a full disk, or damaged files (then restore a snapshot).',
  },
  DAVIT_STORE_OUTCOME_UNKNOWN: {
    meaning: 'The store did not answer a write in time, and could not be asked whether it took it.',
    action: 'Look at the object before you write again. Look at the health and the disk of etcd.',
  },
  DAVIT_STORE_TOO_LARGE: {
    meaning: 'A value is larger than 3 MiB, or than the store takes.',
    action: 'Make the object smaller; large data belongs in a volume. etcd takes 1.5 MiB unless `--max-request-bytes` says more.',
  },
  DAVIT_STORE_UNAVAILABLE: {
    meaning: 'The store does not answer.',
    action:
      'Look at the cause in the message: whether etcd runs, has a leader, and is reached by the endpoints of the store plugin.',
  },
  DAVIT_STORE_WRITE_FAILED: {
    meaning: 'A write did not reach the disk, and nothing of it was kept.',
    action: 'Make room on the disk of the data directory; the store goes on by itself.',
  },
} as const satisfies Record<`DAVIT_${string}`, ErrorEntry>

export type ErrorCode = keyof typeof errorTable

export interface DavitErrorOptions {
  /** Facts for programs, such as the slot and the owner of a `DAVIT_SLOT_ERROR`. Serialisable. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** An error for a user: its message stands alone, its code says what to do. Everything else that is thrown is a bug. */
export class DavitError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: DavitErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'DavitError'
    this.code = code
    this.details = options.details ?? {}
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

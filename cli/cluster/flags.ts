import * as Flags from '@oclif/core/flags'
import { defaultDataDirectory } from '../kube/kubeconfig.js'

/** What `davit up` takes. Flags win over the configuration file; so none has a default here, to tell what was said. */
export const upFlags = {
  'data-dir': Flags.string({
    description: 'where store, keys and node data lie; default $DAVIT_DATA_DIR, else /var/lib/davit (root) or ~/.davit',
  }),
  bind: Flags.string({ description: 'address to listen on; default 127.0.0.1' }),
  'advertise-address': Flags.string({
    description: 'address by which other machines and Pods reach it; default what --bind says, else that of the machine',
  }),
  port: Flags.integer({ description: 'port to listen on; 0 picks a free one; default 6443', min: 0, max: 65535 }),
  kubeconfig: Flags.string({ description: "where to write the administrator's kubeconfig; default DATA-DIR/kubeconfig" }),
  config: Flags.string({ description: 'cluster configuration file (see `davit config default`)' }),
  runtime: Flags.string({
    description: 'container runtime of all nodes; auto takes Docker, else containerd, else processes',
    options: ['auto', 'docker', 'containerd', 'process', 'hollow'],
  }),
  proxy: Flags.string({ description: 'proxy mode of all nodes', options: ['auto', 'iptables', 'none'] }),
  nodes: Flags.integer({ description: 'how many nodes this process runs; default 1', min: 1 }),
  'no-node': Flags.boolean({ description: 'only the control plane', exclusive: ['nodes'] }),
  'token-auth-file': Flags.string({ description: 'bearer tokens, in CSV lines of token,user,uid,"group1,group2"' }),
  detach: Flags.boolean({ description: 'go on in the background once the cluster is ready' }),
  ephemeral: Flags.boolean({ description: 'remove containers and rules when it stops, as `davit down` does' }),
  verbose: Flags.boolean({ char: 'v', description: 'log everything, not only warnings' }),
}

export interface UpFlags {
  'data-dir'?: string | undefined
  bind?: string | undefined
  'advertise-address'?: string | undefined
  /** Other machines are to reach it: unless told otherwise, it listens at all addresses. */
  everywhere?: boolean
  port?: number | undefined
  kubeconfig?: string | undefined
  config?: string | undefined
  runtime?: string | undefined
  proxy?: string | undefined
  nodes?: number | undefined
  'no-node': boolean
  'token-auth-file'?: string | undefined
  detach: boolean
  ephemeral: boolean
  verbose: boolean
}

export function dataDirectoryOf(flag: string | undefined, configured: string | undefined): string {
  return flag ?? configured ?? defaultDataDirectory()
}

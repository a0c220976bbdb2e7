import { type Static, Type } from '@davit/core/kernel'

export const dockerConfig = Type.Object({
  socketPath: Type.String({
    minLength: 1,
    default: '/var/run/docker.sock',
    description: "The Docker daemon's unix socket. The daemon must run on this machine: Pods mount its directories.",
  }),
  network: Type.Union([Type.Literal('auto'), Type.Literal('docker')], {
    default: 'auto',
    description:
      "How Pods are connected to their network. `docker`: by Docker, each of them. `auto`: by Davit, to the bridge of Docker's network, where it has root's rights and the programs `ip` and `nsenter`; Pods with host ports by Docker all the same.",
  }),
  logMaxSize: Type.String({
    pattern: '^[1-9][0-9]*[kmg]$',
    default: '10m',
    description: "When a container's log file is rotated, with its unit (k, m or g); what `kubectl logs` can show.",
  }),
  logMaxFiles: Type.Integer({
    minimum: 1,
    maximum: 100,
    default: 2,
    description: 'How many log files are kept for each container, the current one included.',
  }),
})

export type DockerConfig = Static<typeof dockerConfig>

import { type Static, Type } from '@davit/core/kernel'

export const processConfig = Type.Object({
  logMaxBytes: Type.Integer({
    minimum: 4096,
    default: 10 * 1024 * 1024,
    description: "Size in bytes at which a container's log file is closed and the next one begun.",
  }),
  logMaxFiles: Type.Integer({
    minimum: 2,
    maximum: 100,
    default: 2,
    description: 'How many log files are kept for each container, the current one included; what `kubectl logs` can show.',
  }),
})

export type ProcessConfig = Static<typeof processConfig>

import { runTool } from '@davit/core/node'
import { shell } from './machine.js'

export function runScript(script: string, name: string, scriptArguments: readonly string[], input?: string): Promise<void> {
  return runTool(shell, ['-c', script, name, ...scriptArguments], input)
}

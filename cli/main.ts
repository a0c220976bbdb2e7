import { readFileSync } from 'node:fs'

const packageFile = new URL('../package.json', import.meta.url)

export async function main(): Promise<void> {
  if (process.argv.length === 3 && process.argv[2] === '--version') {
    const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }
    process.stdout.write(`davit/${version} ${process.platform}-${process.arch} node-${process.version}\n`)
  } else {
    const { run } = await import('./run-oclif.js')
    await run(packageFile)
  }
}

#!/usr/bin/env node
import { existsSync } from 'node:fs'

const built = new URL('../dist/main.js', import.meta.url)
if (!existsSync(built)) {
  process.stderr.write('error: davit is not built yet\n  run `npm run build` in its folder\n')
  process.exit(1)
}
await import(built.href)

/**
 * The command's one file, `dist/bundle.cjs`, evaluated with the machine code that V8 kept of it when it was built: no
 * module is looked for and little is compiled at a start. Code of another version of Node is not taken, and then all is
 * compiled as ever.
 */
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { dirname, join } = require('node:path')
const { Script } = require('node:vm')

const file = join(__dirname, '../dist/bundle.cjs')
const kept = `${file}.code`

if (!existsSync(file)) {
  process.stderr.write('error: davit is not built yet\n  run `npm run build` in its folder\n')
  process.exit(1)
}

const script = new Script(readFileSync(file, 'latin1'), {
  filename: file,
  cachedData: existsSync(kept) ? readFileSync(kept) : undefined,
})
const bundle = { exports: {} }
script.runInThisContext()(bundle.exports, createRequire(file), bundle, file, dirname(file))
const { main, commands } = bundle.exports

/** For the build: what has been compiled until the process ends is kept for the next. */
const keepCode = () => process.once('exit', () => writeFileSync(kept, script.createCachedData()))

module.exports = { main, commands, keepCode }

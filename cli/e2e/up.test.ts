import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { kubeconfigOf, run, start, up } from './command.js'

const slow = { timeoutMs: 40_000 }
const port = (line: string) => /:(\d+) in \d+ ms$/.exec(line)?.[1] ?? ''

test(
  'up says once that it is ready, where and after how long; Ctrl-C ends it, and what it made is remembered',
  async (t) => {
    const directory = await t.directory()
    const cluster = await up(t, directory, '--no-node')
    cluster.kill('SIGINT')
    const { code, stdout, stderr } = await cluster.ended
    assert.is(code, 0)
    assert.is(stderr, '')
    const lines = stdout.trimEnd().split('\n')
    assert.match(lines[0] ?? '', /^ready: https:\/\/127\.0\.0\.1:\d+ in \d+ ms$/)
    assert.is(lines[1], `kubeconfig: ${kubeconfigOf(directory)}`)
    assert.is(lines[2], 'SIGINT: stopping')
    assert.is(lines.length, 3)
    assert.ok(existsSync(path.join(directory, 'running.json')))
    const refused = await run(t, ['get', 'pods', '--kubeconfig', kubeconfigOf(directory)])
    assert.is(refused.code, 1)
    assert.match(
      refused.stderr,
      /^error: cannot reach https:.*ECONNREFUSED\n {2}is the cluster running\? start it with `davit up`\n$/,
    )
  },
  slow,
)

test(
  'a second up of a directory, and a port that is taken, are refused with what to do',
  async (t) => {
    const directory = await t.directory()
    const cluster = await up(t, directory, '--no-node')
    const second = await run(t, ['up', '--no-node', '--port', '0', '--data-dir', directory])
    assert.is(second.code, 1)
    assert.match(
      second.stderr,
      `runs already, as process ${cluster.pid} at https://127.0.0.1:${port(cluster.stdout.split('\n')[0] ?? '')}`,
    )
    assert.match(second.stderr, `davit down --data-dir ${directory}`)
    const detached = await run(t, ['up', '--detach', '--no-node', '--port', '0', '--data-dir', directory])
    assert.is(detached.code, 1)
    assert.match(detached.stderr, 'runs already')

    const taken = port(cluster.stdout.split('\n')[0] ?? '')
    const third = await run(t, ['up', '--no-node', '--port', taken, '--data-dir', await t.directory()])
    assert.is(third.code, 1)
    assert.match(third.stderr, `error: cannot listen at 127.0.0.1 port ${taken}`)
    assert.match(third.stderr, '(DAVIT_API_ADDRESS)\n  choose another address with --bind and --port')
    assert.not.match(third.stderr, /^ {4}at /m)
  },
  slow,
)

test(
  'detached it goes on in the background until down, which says what it does',
  async (t) => {
    const directory = await t.directory()
    const flags = ['--no-node', '--port', '0', `--data-dir=${directory}`]
    const detached = await run(t, ['up', '--detach', ...flags])
    assert.is(detached.code, 0, detached.stderr)
    assert.match(detached.stdout, /^ready: https:\/\/127\.0\.0\.1:\d+ in \d+ ms\n/)
    assert.match(detached.stdout, `log: ${path.join(directory, 'davit.log')}`)
    const { pid } = JSON.parse(await readFile(path.join(directory, 'running.json'), 'utf8'))
    t.defer(() => {
      if (existsSync(path.join(directory, 'running.json'))) process.kill(pid, 'SIGKILL')
    })
    const got = await run(t, ['get', 'ns', '-o', 'name', '--kubeconfig', kubeconfigOf(directory)])
    assert.match(got.stdout, /^namespace\/default$/m)
    const down = await run(t, ['down'], { DAVIT_DATA_DIR: directory })
    assert.is(down.code, 0, down.stderr)
    assert.is(down.stdout, `stopping process ${pid}\nstopped\n`)
    assert.not.ok(existsSync(path.join(directory, 'running.json')))
    const again = await run(t, ['down', '--data-dir', directory])
    assert.is(again.code, 1)
    assert.match(again.stderr, /^error: no cluster of .* is up\n {2}say which with --data-dir\n$/)
  },
  slow,
)

test(
  'ephemeral it takes everything along; otherwise down does, also for nodes of a former life',
  async (t) => {
    const directory = await t.directory()
    const first = await up(t, directory, '--runtime', 'hollow', '--nodes', '2')
    first.kill('SIGTERM')
    assert.is((await first.ended).code, 0)
    const second = await up(t, directory, '--runtime', 'hollow', '--ephemeral')
    second.kill('SIGTERM')
    const { stdout } = await second.ended
    assert.is(stdout.match(/containers of cri-hollow are gone/g)?.length, 2)
    assert.not.ok(existsSync(path.join(directory, 'running.json')))
  },
  slow,
)

test(
  'a token file gives users names, and roles decide what they may',
  async (t) => {
    const directory = await t.directory()
    const file = path.join(directory, 'tokens.csv')
    await writeFile(file, 'secret-1,ann,1,"system:masters"\nsecret-2,bob,2,\n')
    await up(t, directory, '--no-node', '--token-auth-file', file)
    const as = async (token: string) => {
      const admin = await readFile(kubeconfigOf(directory), 'utf8')
      const named = path.join(directory, `${token}.kubeconfig`)
      await writeFile(named, admin.replace(/client-certificate-data: .*/, `token: ${token}`).replace(/client-key-data: .*/, ''))
      return run(t, ['get', 'namespaces', '-o', 'name', '--kubeconfig', named])
    }
    assert.match((await as('secret-1')).stdout, /^namespace\/default$/m)
    assert.match((await as('secret-2')).stderr, /403 Forbidden.*User "bob" cannot list resource "namespaces"/)
    assert.match((await as('secret-3')).stderr, /401 Unauthorized/)
  },
  slow,
)

test(
  'what config dump prints, up takes',
  async (t) => {
    const directory = await t.directory()
    const dumped = await run(t, ['config', 'dump', '--data-dir', directory, '--port', '0', '--runtime', 'hollow'])
    assert.is(dumped.code, 0, dumped.stderr)
    const file = path.join(directory, 'cluster.yaml')
    await writeFile(file, dumped.stdout)
    const cluster = start(t, ['up', '--config', file])
    await cluster.line(/^ready: /)
    const plugins = await run(t, ['plugin', 'list', '--kubeconfig', kubeconfigOf(directory), '-o', 'json'])
    const states = JSON.parse(plugins.stdout).plugins.map(
      (plugin: { id: string; state: string }) => `${plugin.id} ${plugin.state}`,
    )
    assert.ok(states.includes('cri-hollow running'), states.join(', '))
    const text = await run(t, ['config', 'default'])
    assert.match(text.stdout, /^ {2}- id: api-server$/m)
  },
  slow,
)

const mistakes: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'a configuration that is not there',
    ['up', '--config', '/nowhere/c.yaml'],
    /^error: cannot read the configuration \/nowhere\/c\.yaml: no such file \(ENOENT\)\n$/,
  ],
  ['a flag that is not there', ['up', '--prot', '1'], /Nonexistent flag: --prot/],
  ['nodes and none', ['up', '--no-node', '--nodes', '2'], /^error: --nodes=2 cannot also be provided when using --no-node\n/],
  [
    'a place for the kubeconfig that is not there',
    ['up', '--no-node', '--port', '0', '--data-dir', 'DIRECTORY', '--kubeconfig', '/nowhere/x/k'],
    /^error: cannot write \/nowhere\/x\/k: ENOENT: no such file or directory \(DAVIT_KUBECONFIG\)\n {2}Correct what/,
  ],
  [
    'a token file that is not there',
    ['up', '--no-node', '--port', '0', '--data-dir', 'DIRECTORY', '--token-auth-file', '/nowhere/t'],
    /^error: cannot read \/nowhere\/t: ENOENT: no such file or directory \(DAVIT_API_TOKEN_FILE\)\n/,
  ],
  ['a command that is not there', ['upp'], /^error: there is no command "upp"\n/],
  [
    'a kubeconfig that is not there',
    ['get', 'pods', '--kubeconfig', '/nowhere/k'],
    /^error: no kubeconfig at \/nowhere\/k \(ENOENT\)\n {2}start a cluster/,
  ],
  [
    'a plugin that is not there',
    ['config', 'dump', '--config', 'CONFIG'],
    /plugins\[0\]: "scheduler-binpak" is neither .* Did you mean "scheduler-binpack"\?/,
  ],
]
for (const [name, args, message] of mistakes) {
  test(
    `${name}: a word for people, and no stack`,
    async (t) => {
      const directory = await t.directory()
      const file = path.join(directory, 'cluster.yaml')
      await writeFile(file, 'apiVersion: davit.dev/v1\nkind: ClusterConfig\nplugins: [{ id: scheduler-binpak }]\n')
      const { code, stdout, stderr } = await run(
        t,
        args.map((word) => ({ CONFIG: file, DIRECTORY: directory })[word] ?? word),
      )
      assert.ok(code !== 0 && code !== null)
      assert.is(stdout, '')
      assert.match(stderr, message)
      assert.not.match(stderr, /^ {4}at /m)
    },
    slow,
  )
}

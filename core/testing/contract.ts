/**
 * What tests are written with, in core and in every plugin. A test file imports `test` and `assert`, declares its tests
 * in its module body, and is run by `node` like any other file: the tests start by themselves when the body is done.
 *
 * ```ts
 * import { assert, test } from '@davit/core/testing'
 *
 * test('adds', () => assert.is(1 + 1, 2))
 * test('runs a container', async (t) => { … }, { requires: ['docker'], timeoutMs: 30_000 })
 * ```
 *
 * Rules that hold for every file: each test has a deadline (10 s unless it says otherwise) that names it; a skip has a
 * reason, which is a capability that the machine lacks; what is still open after the last test (a socket, a timer, a
 * child process) is a failure that says its kind; a file without a test is a failure.
 */

export { createVirtualClock, type VirtualClock } from '../kernel/clock-virtual.js'
export type { ErrorMatcher } from './assert.js'
export * as assert from './assert.js'
export { type Booted, type BootOptions, boot } from './boot.js'
export { builtProgram } from './bundle.js'
export type { Hook, Suite, TestContext, TestFunction, TestOptions } from './harness.js'
export { suite } from './harness.js'
export { type Capability, missing } from './machine.js'
export { type PluginCases, pluginSuite } from './plugin-suite.js'
export { type BootedServer, type Servers, servers } from './servers.js'
export { createTestServices, type LogLine, type TestServices } from './services.js'

import { suite } from './harness.js'

/** The file's own group. `test.before`, `test.after`, `test.beforeEach` and `test.afterEach` are its hooks. */
export const test = suite('')

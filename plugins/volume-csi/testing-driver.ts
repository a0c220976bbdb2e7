/** A small storage driver: volumes are folders of one directory; stage and publish are real bind mounts of the machine. */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { protocolDescriptor, runTool } from '@davit/core/node'
import { type handleUnaryCall, Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { wireOptions } from './connection.js'
import { type NodeCapability, protocol, type Received, type ServiceName } from './messages.js'

export interface TestDriverOptions {
  /** Where volumes, and the driver's own socket, lie. */
  readonly directory: string
  /** Where nodes look for drivers. */
  readonly registry: string
  readonly name?: string
  readonly versions?: readonly string[]
  readonly capabilities?: readonly NodeCapability[]
  readonly segments?: Readonly<Record<string, string>>
  /** Asked before each call of a volume; a throw is the driver's refusal. */
  before?(call: string): void
}

export interface TestDriver {
  /** In their order, with the volume: "NodeStageVolume disk". */
  readonly calls: string[]
  readonly requests: { readonly call: string; readonly request: unknown }[]
  /** What the node said of the registration. */
  readonly told: Received<'RegistrationStatus'>[]
  stop(): Promise<void>
}

type Handler = (request: never) => Promise<object> | object

export async function startDriver(options: TestDriverOptions): Promise<TestDriver> {
  const { directory, registry, name = 'folders.example.com', versions = ['1.0.0'], segments } = options
  const { capabilities = ['STAGE_UNSTAGE_VOLUME'] } = options
  const driver: Omit<TestDriver, 'stop'> = { calls: [], requests: [], told: [] }
  const endpoint = join(directory, 'csi.sock')
  const registration = join(registry, `${name}-reg.sock`)
  await mkdir(registry, { recursive: true })
  const seen =
    (call: string, work: Handler): Handler =>
    (request: { volumeId: string }) => {
      driver.calls.push(`${call} ${request.volumeId}`)
      driver.requests.push({ call, request })
      options.before?.(call)
      return work(request as never)
    }
  const own = await serve(endpoint, 'csi.v1.Node', {
    NodeGetInfo: () => ({ nodeId: 'machine-1', maxVolumesPerNode: 5, ...(segments && { accessibleTopology: { segments } }) }),
    NodeGetCapabilities: () => ({ capabilities: capabilities.map((type) => ({ rpc: { type } })) }),
    NodeStageVolume: seen('NodeStageVolume', async ({ volumeId, stagingTargetPath }: Received<'NodeStageVolumeRequest'>) => {
      const folder = join(directory, 'volumes', volumeId)
      await mkdir(folder, { recursive: true })
      return bind(folder, stagingTargetPath)
    }),
    NodeUnstageVolume: seen('NodeUnstageVolume', ({ stagingTargetPath }: Received<'NodeUnstageVolumeRequest'>) =>
      unbind(stagingTargetPath),
    ),
    NodePublishVolume: seen('NodePublishVolume', async (request: Received<'NodePublishVolumeRequest'>) => {
      const folder = request.stagingTargetPath || join(directory, 'volumes', request.volumeId)
      await mkdir(folder, { recursive: true })
      await mkdir(request.targetPath, { recursive: true })
      return bind(folder, request.targetPath)
    }),
    NodeUnpublishVolume: seen('NodeUnpublishVolume', async ({ targetPath }: Received<'NodeUnpublishVolumeRequest'>) => {
      await unbind(targetPath)
      await rm(targetPath, { recursive: true, force: true })
      return {}
    }),
  })
  const announced = await serve(registration, 'pluginregistration.Registration', {
    GetInfo: () => ({ type: 'CSIPlugin', name, endpoint, supportedVersions: versions }),
    NotifyRegistrationStatus: (status: Received<'RegistrationStatus'>) => {
      driver.told.push(status)
      return {}
    },
  })
  return {
    ...driver,
    async stop() {
      announced.forceShutdown()
      own.forceShutdown()
      await rm(registration, { force: true })
      await rm(endpoint, { force: true })
    },
  }
}

async function serve(socket: string, service: ServiceName, handlers: Readonly<Record<string, Handler>>): Promise<Server> {
  const server = new Server()
  const methods = Object.entries(handlers).map(([name, handler]) => [name, answering(handler)] as const)
  server.addService(
    fromJSON(protocolDescriptor(protocol), wireOptions)[service] as ServiceDefinition,
    Object.fromEntries(methods),
  )
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()))
  })
  return server
}

const internal = 13

/** gRPC's own type of a handler takes any request. */
function answering(handler: Handler): handleUnaryCall<object, object> {
  return ({ request }, done) => {
    Promise.resolve()
      .then(() => handler(request as never))
      .then(
        (answer) => done(null, answer),
        (error: unknown) => done({ code: internal, details: error instanceof Error ? error.message : String(error) }),
      )
  }
}

export async function isMounted(path: string): Promise<boolean> {
  return (await mounts()).includes(path)
}

export async function mounts(): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8')
  return text.split('\n').map((line) => line.split(' ')[4] ?? '')
}

async function bind(from: string, to: string): Promise<object> {
  if (!(await isMounted(to))) await runTool('mount', ['--bind', from, to])
  return {}
}

async function unbind(path: string): Promise<object> {
  if (await isMounted(path)) await runTool('umount', [path])
  return {}
}

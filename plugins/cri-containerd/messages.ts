/**
 * What this plugin speaks of the Container Runtime Interface (package runtime.v1), and of containerd's own events:
 * each field with its type and number on the wire. The types of the messages and what the gRPC library needs come of
 * this one table. Numbers are the protocol's and never change; fields that nobody here uses are left out.
 */
import {
  type ProtocolTable,
  protocolDescriptor,
  type ReceivedMessage,
  type SentMessage,
  type StreamCallsOf,
  type UnaryCallsOf,
} from '@davit/core/node'

export const enums = {
  Protocol: ['TCP', 'UDP', 'SCTP'],
  NamespaceMode: ['POD', 'CONTAINER', 'NODE', 'TARGET'],
  ProfileType: ['RuntimeDefault', 'Unconfined', 'Localhost'],
  MountPropagation: ['PROPAGATION_PRIVATE', 'PROPAGATION_HOST_TO_CONTAINER', 'PROPAGATION_BIDIRECTIONAL'],
  PodSandboxState: ['SANDBOX_READY', 'SANDBOX_NOTREADY'],
  ContainerState: ['CONTAINER_CREATED', 'CONTAINER_RUNNING', 'CONTAINER_EXITED', 'CONTAINER_UNKNOWN'],
  ContainerEventType: [
    'CONTAINER_CREATED_EVENT',
    'CONTAINER_STARTED_EVENT',
    'CONTAINER_STOPPED_EVENT',
    'CONTAINER_DELETED_EVENT',
  ],
  TaskStatus: ['UNKNOWN', 'CREATED', 'RUNNING', 'STOPPED', 'PAUSED', 'PAUSING'],
} as const

export const messages = {
  Empty: {},
  VersionResponse: { runtimeName: 'string 2', runtimeVersion: 'string 3' },
  StatusRequest: { verbose: 'bool 1' },
  StatusResponse: { status: 'RuntimeStatus 1', info: 'map string 2' },
  RuntimeStatus: { conditions: 'repeated RuntimeCondition 1' },
  RuntimeCondition: { type: 'string 1', status: 'bool 2', reason: 'string 3', message: 'string 4' },

  PodSandboxMetadata: { name: 'string 1', uid: 'string 2', namespace: 'string 3', attempt: 'uint32 4' },
  DNSConfig: { servers: 'repeated string 1', searches: 'repeated string 2', options: 'repeated string 3' },
  PortMapping: { protocol: 'Protocol 1', containerPort: 'int32 2', hostPort: 'int32 3', hostIp: 'string 4' },
  NamespaceOption: { network: 'NamespaceMode 1', pid: 'NamespaceMode 2', ipc: 'NamespaceMode 3', targetId: 'string 4' },
  SecurityProfile: { profileType: 'ProfileType 1', localhostRef: 'string 2' },
  Int64Value: { value: 'int64 1' },
  UInt64Value: { value: 'uint64 1' },
  LinuxSandboxSecurityContext: {
    namespaceOptions: 'NamespaceOption 1',
    readonlyRootfs: 'bool 4',
    privileged: 'bool 6',
    seccomp: 'SecurityProfile 9',
  },
  LinuxPodSandboxConfig: { securityContext: 'LinuxSandboxSecurityContext 2', sysctls: 'map string 3' },
  PodSandboxConfig: {
    metadata: 'PodSandboxMetadata 1',
    hostname: 'string 2',
    logDirectory: 'string 3',
    dnsConfig: 'DNSConfig 4',
    portMappings: 'repeated PortMapping 5',
    labels: 'map string 6',
    annotations: 'map string 7',
    linux: 'LinuxPodSandboxConfig 8',
  },
  RunPodSandboxRequest: { config: 'PodSandboxConfig 1', runtimeHandler: 'string 2' },
  RunPodSandboxResponse: { podSandboxId: 'string 1' },
  SandboxRequest: { podSandboxId: 'string 1' },
  PodSandboxStatusRequest: { podSandboxId: 'string 1', verbose: 'bool 2' },
  PodIP: { ip: 'string 1' },
  PodSandboxNetworkStatus: { ip: 'string 1', additionalIps: 'repeated PodIP 2' },
  PodSandboxStatus: {
    id: 'string 1',
    metadata: 'PodSandboxMetadata 2',
    state: 'PodSandboxState 3',
    createdAt: 'int64 4',
    network: 'PodSandboxNetworkStatus 5',
    labels: 'map string 7',
    annotations: 'map string 8',
  },
  PodSandboxStatusResponse: { status: 'PodSandboxStatus 1', info: 'map string 2' },
  PodSandboxFilter: { id: 'string 1', labelSelector: 'map string 3' },
  ListPodSandboxRequest: { filter: 'PodSandboxFilter 1' },
  PodSandbox: {
    id: 'string 1',
    metadata: 'PodSandboxMetadata 2',
    state: 'PodSandboxState 3',
    createdAt: 'int64 4',
    labels: 'map string 5',
    annotations: 'map string 6',
  },
  ListPodSandboxResponse: { items: 'repeated PodSandbox 1' },

  ImageSpec: { image: 'string 1' },
  KeyValue: { key: 'string 1', value: 'string 2' },
  Mount: { containerPath: 'string 1', hostPath: 'string 2', readonly: 'bool 3', propagation: 'MountPropagation 5' },
  LinuxContainerResources: {
    cpuPeriod: 'int64 1',
    cpuQuota: 'int64 2',
    cpuShares: 'int64 3',
    memoryLimitInBytes: 'int64 4',
    oomScoreAdj: 'int64 5',
    unified: 'map string 9',
  },
  Capability: { addCapabilities: 'repeated string 1', dropCapabilities: 'repeated string 2' },
  LinuxContainerSecurityContext: {
    capabilities: 'Capability 1',
    privileged: 'bool 2',
    namespaceOptions: 'NamespaceOption 3',
    runAsUser: 'Int64Value 5',
    runAsUsername: 'string 6',
    readonlyRootfs: 'bool 7',
    supplementalGroups: 'repeated int64 8',
    noNewPrivs: 'bool 11',
    runAsGroup: 'Int64Value 12',
    maskedPaths: 'repeated string 13',
    readonlyPaths: 'repeated string 14',
    seccomp: 'SecurityProfile 15',
  },
  LinuxContainerConfig: { resources: 'LinuxContainerResources 1', securityContext: 'LinuxContainerSecurityContext 2' },
  ContainerMetadata: { name: 'string 1', attempt: 'uint32 2' },
  ContainerConfig: {
    metadata: 'ContainerMetadata 1',
    image: 'ImageSpec 2',
    command: 'repeated string 3',
    args: 'repeated string 4',
    workingDir: 'string 5',
    envs: 'repeated KeyValue 6',
    mounts: 'repeated Mount 7',
    labels: 'map string 9',
    annotations: 'map string 10',
    logPath: 'string 11',
    stdin: 'bool 12',
    tty: 'bool 14',
    linux: 'LinuxContainerConfig 15',
  },
  CreateContainerRequest: { podSandboxId: 'string 1', config: 'ContainerConfig 2', sandboxConfig: 'PodSandboxConfig 3' },
  CreateContainerResponse: { containerId: 'string 1' },
  ContainerRequest: { containerId: 'string 1' },
  StopContainerRequest: { containerId: 'string 1', timeout: 'int64 2' },
  ContainerFilter: { id: 'string 1', podSandboxId: 'string 3', labelSelector: 'map string 4' },
  ListContainersRequest: { filter: 'ContainerFilter 1' },
  Container: {
    id: 'string 1',
    podSandboxId: 'string 2',
    metadata: 'ContainerMetadata 3',
    image: 'ImageSpec 4',
    state: 'ContainerState 6',
    labels: 'map string 8',
    annotations: 'map string 9',
  },
  ListContainersResponse: { containers: 'repeated Container 1' },
  ContainerStatusRequest: { containerId: 'string 1', verbose: 'bool 2' },
  ContainerStatus: {
    id: 'string 1',
    metadata: 'ContainerMetadata 2',
    state: 'ContainerState 3',
    createdAt: 'int64 4',
    startedAt: 'int64 5',
    finishedAt: 'int64 6',
    exitCode: 'int32 7',
    imageRef: 'string 9',
    reason: 'string 10',
    message: 'string 11',
    labels: 'map string 12',
    annotations: 'map string 13',
    logPath: 'string 15',
  },
  ContainerStatusResponse: { status: 'ContainerStatus 1', info: 'map string 2' },
  UpdateContainerResourcesRequest: { containerId: 'string 1', linux: 'LinuxContainerResources 2' },
  CpuUsage: { usageCoreNanoSeconds: 'UInt64Value 2' },
  MemoryUsage: { workingSetBytes: 'UInt64Value 2' },
  ContainerStats: { cpu: 'CpuUsage 2', memory: 'MemoryUsage 3' },
  ContainerStatsResponse: { stats: 'ContainerStats 1' },

  ExecSyncRequest: { containerId: 'string 1', cmd: 'repeated string 2', timeout: 'int64 3' },
  ExecSyncResponse: { stdout: 'bytes 1', stderr: 'bytes 2', exitCode: 'int32 3' },
  ExecRequest: {
    containerId: 'string 1',
    cmd: 'repeated string 2',
    tty: 'bool 3',
    stdin: 'bool 4',
    stdout: 'bool 5',
    stderr: 'bool 6',
  },
  AttachRequest: { containerId: 'string 1', stdin: 'bool 2', tty: 'bool 3', stdout: 'bool 4', stderr: 'bool 5' },
  PortForwardRequest: { podSandboxId: 'string 1', port: 'repeated int32 2' },
  UrlResponse: { url: 'string 1' },

  Image: {
    id: 'string 1',
    repoDigests: 'repeated string 3',
    size: 'uint64 4',
    uid: 'Int64Value 5',
    username: 'string 6',
  },
  ImageRequest: { image: 'ImageSpec 1' },
  ImageStatusResponse: { image: 'Image 1' },
  PullImageResponse: { imageRef: 'string 1' },

  ContainerEventResponse: {
    containerId: 'string 1',
    containerEventType: 'ContainerEventType 2',
    podSandboxStatus: 'PodSandboxStatus 4',
  },

  SubscribeRequest: { filters: 'repeated string 1' },
  Any: { typeUrl: 'string 1', value: 'bytes 2' },
  Process: { id: 'string 2', status: 'TaskStatus 4' },
  ListTasksResponse: { tasks: 'repeated Process 1' },
  Envelope: { topic: 'string 3', event: 'Any 4' },
} as const

/** Each call with its request and response; those that begin with "stream" answer until they are cancelled. */
export const services = {
  'runtime.v1.RuntimeService': {
    Version: 'Empty VersionResponse',
    Status: 'StatusRequest StatusResponse',
    RunPodSandbox: 'RunPodSandboxRequest RunPodSandboxResponse',
    StopPodSandbox: 'SandboxRequest Empty',
    RemovePodSandbox: 'SandboxRequest Empty',
    PodSandboxStatus: 'PodSandboxStatusRequest PodSandboxStatusResponse',
    ListPodSandbox: 'ListPodSandboxRequest ListPodSandboxResponse',
    CreateContainer: 'CreateContainerRequest CreateContainerResponse',
    StartContainer: 'ContainerRequest Empty',
    StopContainer: 'StopContainerRequest Empty',
    RemoveContainer: 'ContainerRequest Empty',
    ListContainers: 'ListContainersRequest ListContainersResponse',
    ContainerStatus: 'ContainerStatusRequest ContainerStatusResponse',
    UpdateContainerResources: 'UpdateContainerResourcesRequest Empty',
    ReopenContainerLog: 'ContainerRequest Empty',
    ExecSync: 'ExecSyncRequest ExecSyncResponse',
    Exec: 'ExecRequest UrlResponse',
    Attach: 'AttachRequest UrlResponse',
    PortForward: 'PortForwardRequest UrlResponse',
    ContainerStats: 'ContainerRequest ContainerStatsResponse',
    GetContainerEvents: 'Empty stream ContainerEventResponse',
  },
  'runtime.v1.ImageService': {
    ImageStatus: 'ImageRequest ImageStatusResponse',
    PullImage: 'ImageRequest PullImageResponse',
    RemoveImage: 'ImageRequest Empty',
  },
  'containerd.services.events.v1.Events': { Subscribe: 'SubscribeRequest stream Envelope' },
  'containerd.services.tasks.v1.Tasks': { List: 'Empty ListTasksResponse' },
} as const

const table = { enums, messages, services } as const satisfies ProtocolTable
type Protocol = typeof table
type Runtime = 'runtime.v1.RuntimeService'
type Events = 'containerd.services.events.v1.Events'

export type Received<M extends keyof Protocol['messages']> = ReceivedMessage<Protocol, M>
export type Sent<M extends keyof Protocol['messages']> = SentMessage<Protocol, M>
export type UnaryCalls = UnaryCallsOf<Protocol, Runtime> &
  UnaryCallsOf<Protocol, 'runtime.v1.ImageService'> &
  UnaryCallsOf<Protocol, 'containerd.services.tasks.v1.Tasks'>
export type StreamCalls = StreamCallsOf<Protocol, Runtime> & StreamCallsOf<Protocol, Events>

/** The tree of packages in the form that protobuf libraries read. */
export const descriptor = (): ReturnType<typeof protocolDescriptor> => protocolDescriptor(table)

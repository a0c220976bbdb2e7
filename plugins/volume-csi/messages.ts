/** What this plugin speaks of the Container Storage Interface (csi.v1) and of how drivers announce themselves to a node. */
import type { ProtocolTable, ReceivedMessage, SentMessage, UnaryCallsOf } from '@davit/core/node'

const table = {
  enums: {
    NodeCapability: [
      'UNKNOWN',
      'STAGE_UNSTAGE_VOLUME',
      'GET_VOLUME_STATS',
      'EXPAND_VOLUME',
      'VOLUME_CONDITION',
      'SINGLE_NODE_MULTI_WRITER',
      'VOLUME_MOUNT_GROUP',
    ],
    AccessMode: [
      'UNKNOWN',
      'SINGLE_NODE_WRITER',
      'SINGLE_NODE_READER_ONLY',
      'MULTI_NODE_READER_ONLY',
      'MULTI_NODE_SINGLE_WRITER',
      'MULTI_NODE_MULTI_WRITER',
      'SINGLE_NODE_SINGLE_WRITER',
      'SINGLE_NODE_MULTI_WRITER',
    ],
  },
  messages: {
    Empty: {},
    PluginInfo: { type: 'string 1', name: 'string 2', endpoint: 'string 3', supportedVersions: 'repeated string 4' },
    RegistrationStatus: { pluginRegistered: 'bool 1', error: 'string 2' },
    GetPluginInfoResponse: { name: 'string 1', vendorVersion: 'string 2' },
    Topology: { segments: 'map string 1' },
    NodeGetInfoResponse: { nodeId: 'string 1', maxVolumesPerNode: 'int64 2', accessibleTopology: 'Topology 3' },
    NodeRpc: { type: 'NodeCapability 1' },
    NodeServiceCapability: { rpc: 'NodeRpc 1' },
    NodeGetCapabilitiesResponse: { capabilities: 'repeated NodeServiceCapability 1' },
    MountVolume: { fsType: 'string 1', mountFlags: 'repeated string 2', volumeMountGroup: 'string 3' },
    VolumeAccessMode: { mode: 'AccessMode 1' },
    VolumeCapability: { mount: 'MountVolume 2', accessMode: 'VolumeAccessMode 3' },
    NodeStageVolumeRequest: {
      volumeId: 'string 1',
      publishContext: 'map string 2',
      stagingTargetPath: 'string 3',
      volumeCapability: 'VolumeCapability 4',
      secrets: 'map string 5',
      volumeContext: 'map string 6',
    },
    NodeUnstageVolumeRequest: { volumeId: 'string 1', stagingTargetPath: 'string 2' },
    NodePublishVolumeRequest: {
      volumeId: 'string 1',
      publishContext: 'map string 2',
      stagingTargetPath: 'string 3',
      targetPath: 'string 4',
      volumeCapability: 'VolumeCapability 5',
      readonly: 'bool 6',
      secrets: 'map string 7',
      volumeContext: 'map string 8',
    },
    NodeUnpublishVolumeRequest: { volumeId: 'string 1', targetPath: 'string 2' },
  },
  services: {
    'pluginregistration.Registration': {
      GetInfo: 'Empty PluginInfo',
      NotifyRegistrationStatus: 'RegistrationStatus Empty',
    },
    'csi.v1.Identity': { GetPluginInfo: 'Empty GetPluginInfoResponse' },
    'csi.v1.Node': {
      NodeGetInfo: 'Empty NodeGetInfoResponse',
      NodeGetCapabilities: 'Empty NodeGetCapabilitiesResponse',
      NodeStageVolume: 'NodeStageVolumeRequest Empty',
      NodeUnstageVolume: 'NodeUnstageVolumeRequest Empty',
      NodePublishVolume: 'NodePublishVolumeRequest Empty',
      NodeUnpublishVolume: 'NodeUnpublishVolumeRequest Empty',
    },
  },
} as const

export const protocol = table satisfies ProtocolTable
type Protocol = typeof table
export type ServiceName = keyof Protocol['services']
export type CallsOf<S extends ServiceName> = UnaryCallsOf<Protocol, S>
export type Sent<M extends keyof Protocol['messages']> = SentMessage<Protocol, M>
export type Received<M extends keyof Protocol['messages']> = ReceivedMessage<Protocol, M>
export type NodeCapability = Protocol['enums']['NodeCapability'][number]
export type AccessMode = Protocol['enums']['AccessMode'][number]

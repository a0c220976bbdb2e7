/** `/version`. Clients parse it: `gitVersion` is semver, `major` and `minor` say which Kubernetes release this serves. */

export const kubernetesRelease = { major: '1', minor: '33' } as const

/** `release` is Davit's own version. There is no Go and no commit: those fields exist because clients read them. */
export function versionInfo(release: string): Readonly<Record<string, string>> {
  const { major, minor } = kubernetesRelease
  return {
    major,
    minor,
    gitVersion: `v${major}.${minor}.0+davit-${release}`,
    gitCommit: '0000000000000000000000000000000000000000',
    gitTreeState: 'clean',
    // Builds are reproducible, so they carry no date.
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: `node${process.version.slice(1)}`,
    compiler: 'v8',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  }
}

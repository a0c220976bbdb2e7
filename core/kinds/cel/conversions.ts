/** Timestamps and durations, where the library differs from CEL. */
import type { Duration } from './library.js'
import type { Registrar } from './registrar.js'
import { dayOfYear, durationText, requireDuration, requireTimestamp, timestampText } from './time.js'

export function registerConversions({ method }: Registrar): void {
  method('timestamp(string): google.protobuf.Timestamp', requireTimestamp)
  method('timestamp(int): google.protobuf.Timestamp', (seconds: bigint) => new Date(Number(seconds) * 1000))
  method('timestamp(google.protobuf.Timestamp): google.protobuf.Timestamp', (date: Date) => date)
  method('duration(string): google.protobuf.Duration', requireDuration)
  method('duration(google.protobuf.Duration): google.protobuf.Duration', (duration: Duration) => duration)
  method('string(google.protobuf.Timestamp): string', timestampText)
  method('string(google.protobuf.Duration): string', durationText)
  method('int(google.protobuf.Timestamp): int', (date: Date) => BigInt(Math.floor(date.getTime() / 1000)))
  method('google.protobuf.Timestamp.getDayOfYear(): int', dayOfYear)
}

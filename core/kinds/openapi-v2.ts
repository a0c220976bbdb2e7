/**
 * What clients of older releases ask of `/openapi/v2` as protobuf: a document that says `swagger: "2.0"` and no more.
 * With it they go on to version 3, or trust the server; without it create and apply fail.
 */
export const openApiV2Minimal: Uint8Array = Uint8Array.of(0x0a, 0x03, 0x32, 0x2e, 0x30)

/** For tests of plugins that meet the API over the wire: servers with certificates of their own, and a whole API server. */
export { createKey, issueCertificate } from './http/certificate.js'
export { apiServer } from './http/host.js'
export { adminToken, otherToken, type Reply, startServer, type TestServer, userToken } from './http/testing.js'
export { startWebhook, type TestReply, type TestWebhook } from './testing-webhook.js'

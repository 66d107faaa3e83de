// Package huaweicloud is what the cloud plugins share: credentials, signing, endpoints, requests with safe retries,
// downloads that are complete or fail, and errors that say what to do next.
//
// A plugin makes one [Client] for its service, its tools with [NewTool], so that the host hears of every request, embeds [Target]
// in their arguments, and calls [Client.JSON], [Client.Redirect], [Client.Download] or [Client.DownloadLink] with a [Request].
// [Client.Completer] suggests values for arguments. [Permissions] is what its manifest declares. Credentials and settings come from the environment, on every call anew; the variables are in
// [Permissions], and which one wins is written at [NewClient]. Start reading at [Client].
package huaweicloud

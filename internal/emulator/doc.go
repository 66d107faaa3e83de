// Package emulator is Huawei Cloud on loopback: the five template and archive operations with their neighbours
// (TaurusDB HTAP, DRS, RFS, ROMA), IAM tokens and projects, and the OBS side of a pre-signed link.
//
// It exists for three readers: tests, the demo command, and users who want to see what a client does when the cloud
// misbehaves. So it is strict where the cloud is strict (signatures, expiry, the header that RFS demands, the archive
// that is handed out once), it varies where the cloud's own documentation varies (status spelling, field names,
// number or text for a time), and it fails on demand (see Fault).
//
// It imports nothing of this module and no cloud SDK: signature and link checks share no code with the client they
// judge. All names, keys and tokens are made up. Every service listens on a port of its own, so a request sent to
// the wrong service is a 404 and not a lucky hit.
//
// Start reading at Start, then (*service).ServeHTTP for the way of one request.
package emulator

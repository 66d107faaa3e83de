// Package clients has no code of its own: its tests let clients that are not ours use the real server with the real plugins, against the
// emulator, over both transports. Start reading at TestClients.
package clients

// Package supervisor runs plugin processes: it finds the binaries of a folder, starts each with nothing of the host's
// but what it declares, answers calls through it, starts it again after a crash, and ends it so that nothing is left.
//
// Everything goes through hashicorp/go-plugin with one launcher of ours on its runner.Runner interface, the type child,
// which cures what go-plugin does to a host: its standard input and environment are not shared, a plugin's output can
// neither block nor break anything, no plugin outlives the host, and ending one is bounded. Start reading at [Open],
// then at child.
package supervisor

// Package supervisor runs plugin processes: it starts each on its first call, with nothing of the host's but what it
// declares and within the bounds that the kernel can set, answers calls through it, stops it when nobody calls, replaces it
// when it hangs, starts it again after a crash, pauses one that only fails, and ends it so that nothing is left.
//
// Everything goes through hashicorp/go-plugin with one launcher of ours on its runner.Runner interface, the type child,
// which cures what go-plugin does to a host: its standard input and environment are not shared, a plugin's output can
// neither block nor break anything, no plugin outlives the host, and ending one is bounded.
//
// A process goes through these hands: launch.go starts it from the file that was opened and checked, bounds.go says what it
// may do, call.go sends it calls and repeats what a crash cut, health.go and abandon.go find out that it hangs or goes on
// with what was cancelled, leave.go gives it up, breaker.go decides when the next may start. Start reading at [Open], then at
// [Plugin.Call].
package supervisor

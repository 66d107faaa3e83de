package main

import "mcp-server/sdk"

// meter reports progress in hundredths of the whole chain. ROMA's own figure may stand still or be absent; the value
// rises all the same, by ever smaller parts, so that a client sees that there is still life.
type meter struct {
	call *sdk.Call
	done float64
}

func (m *meter) report(done, limit float64, message string) {
	if done <= m.done {
		done = m.done + (limit-m.done)/20
	}
	m.done = min(done, limit)
	m.call.Progress(m.done, 100, message)
}

// download reports the bytes of the archive, which are the last tenth of the chain.
func (m *meter) download(done, total float64, message string) {
	if total > 0 {
		m.report(90+10*done/total, 100, message)
		return
	}
	m.report(m.done, 99, message)
}

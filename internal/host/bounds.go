package host

// started is told of every process that began.
func (h *Host) started(plugin string) {
	h.cfg.Telemetry.PluginStarted(plugin)
	wanted := h.cfg.Plugins.Sandbox
	if wanted != nil && !wanted(plugin) || h.boundsKnown.Swap(true) || !h.occupy() {
		return
	}
	go func() { // ends with the launcher's answer, which has a deadline
		defer h.starting.Done()
		if missing := h.ownTenant().supervisorNow().Missing(); missing != "" {
			h.logger.Warn("plugins are not bounded as they should be: they can do what the server's user can; with --sandbox required they would not run", "reason", missing)
		}
	}()
}

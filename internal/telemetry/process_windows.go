package telemetry

func processorTime() (seconds float64, known bool) { return 0, false }

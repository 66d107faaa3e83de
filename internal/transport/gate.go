package transport

import "sync"

// gate counts what is bounded, in all and for each caller.
type gate struct {
	most, mostEach int
	mu             sync.Mutex
	all            int
	each           map[string]int
	idle           idleness
}

func (g *gate) enter(caller string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all >= g.most || g.each[caller] >= g.mostEach {
		return false
	}
	if g.each == nil {
		g.each = map[string]int{}
	}
	g.all++
	g.each[caller]++
	return true
}

func (g *gate) leave(caller string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if g.each[caller]--; g.each[caller] == 0 {
		delete(g.each, caller)
	}
	if g.all == 0 {
		g.idle.reached()
	}
}

// empty returns a channel that is closed once nothing is counted.
func (g *gate) empty() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.idle.wait(g.all == 0)
}

// idleness tells those who wait that nothing is left. The mutex of what counts guards it.
type idleness struct {
	waited chan struct{} // nil while nobody waits
}

func (i *idleness) wait(already bool) <-chan struct{} {
	if i.waited == nil {
		i.waited = make(chan struct{})
	}
	done := i.waited
	if already {
		i.reached()
	}
	return done
}

func (i *idleness) reached() {
	if i.waited != nil {
		close(i.waited)
		i.waited = nil
	}
}

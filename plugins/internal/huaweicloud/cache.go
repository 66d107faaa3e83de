package huaweicloud

import (
	"context"
	"sync"
)

// cache holds what IAM and the metadata service have answered.
type cache struct {
	credentialTurn turn
	projectTurn    turn

	lock     sync.Mutex // for the fields below
	tokens   map[scope]credential
	agency   credential
	projects map[scope]string
}

// scope is what a token or a project id is good for.
type scope struct{ owner, region, project string }

func (c *cache) init() {
	c.credentialTurn, c.projectTurn = newTurn(), newTurn()
	c.tokens, c.projects = map[scope]credential{}, map[scope]string{}
}

// forget drops a credential that the cloud refused, so that the next call gets a new one.
func (c *cache) forget(refused credential) {
	c.lock.Lock()
	defer c.lock.Unlock()
	for s, held := range c.tokens {
		if held.token == refused.token {
			delete(c.tokens, s)
		}
	}
	if c.agency.ak == refused.ak {
		c.agency = credential{}
	}
}

func (c *cache) token(s scope) credential {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.tokens[s]
}

func (c *cache) agencyKey() credential {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.agency
}

func (c *cache) project(s scope) string {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.projects[s]
}

// put changes the cache.
func (c *cache) put(change func()) {
	c.lock.Lock()
	defer c.lock.Unlock()
	change()
}

// turn lets one caller at a time ask the cloud, so that concurrent calls ask once. Unlike a mutex it gives up with the
// context, and unlike a shared flight one caller's end does not end the others' wait.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) enter(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) leave() { <-t }

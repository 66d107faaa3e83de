package host

import (
	"cmp"
	"fmt"
	"slices"

	"mcp-server/internal/pluginv1"
)

// build puts together what the items offer. Of two that want the same name the one that came first has it; the other one's
// is a problem that names both. What a call has shown or hidden stays so while its plugin stays the same.
func build(s *shelf, before *catalog) catalog {
	c := newCatalog()
	c.problems = slices.Clone(s.problems)
	for _, it := range s.sorted() {
		if it.refused != "" {
			c.leaveOut(it, "", it.refused)
			continue
		}
		c.take(it, before)
	}
	for name := range s.asked {
		if s.items[name] == nil {
			c.starting = append(c.starting, name)
		}
	}
	slices.Sort(c.starting)
	c.takeAliases()
	return c
}

func (c *catalog) take(it *item, before *catalog) {
	c.problems = append(c.problems, it.offer.problems...)
	for _, tool := range it.offer.tools {
		if owner, taken := c.tools[tool.Name]; taken {
			c.leaveOut(it, tool.Name, fmt.Sprintf("the plugin %s has a tool of that name already; rename one of them", owner.Plugin))
			continue
		}
		tool.item = it
		c.tools[tool.Name] = tool
		was, known := before.tools[tool.Name]
		c.show(listed{pluginv1.Kind_KIND_TOOL, tool.Name}, tool.Unlisted, known && was.item == it, before)
	}
	for _, p := range it.offer.prompts {
		if owner, taken := c.prompts[p.Name]; taken {
			c.leaveOut(it, p.Name, fmt.Sprintf("the plugin %s has a prompt of that name already; rename one of them", owner.Plugin))
			continue
		}
		p.item = it
		c.prompts[p.Name] = p
		was, known := before.prompts[p.Name]
		c.show(listed{pluginv1.Kind_KIND_PROMPT, p.Name}, p.Unlisted, known && was.item == it, before)
	}
	for _, r := range it.offer.resources {
		if owner, taken := c.resources[r.URI]; taken {
			c.leaveOut(it, r.URI, fmt.Sprintf("the plugin %s has a resource of that URI already; rename one of them", owner.Plugin))
			continue
		}
		r.item = it
		c.resources[r.URI] = r
	}
	c.instructions[it.name] = it.offer.instructions
}

// show keeps the state that a call has brought about.
func (c *catalog) show(which listed, unlisted, same bool, before *catalog) {
	if same {
		unlisted = before.unlisted[which]
	}
	if unlisted {
		c.unlisted[which] = true
	}
}

// takeAliases comes after all tools: a name in use is never an alias.
func (c *catalog) takeAliases() {
	tools := make([]Tool, 0, len(c.tools))
	for _, t := range c.tools {
		tools = append(tools, t)
	}
	slices.SortFunc(tools, func(a, b Tool) int {
		return cmp.Or(cmp.Compare(a.item.order, b.item.order), cmp.Compare(a.Name, b.Name))
	})
	for _, t := range tools {
		for _, alias := range t.Aliases {
			_, isTool := c.tools[alias]
			if owner, taken := c.aliases[alias]; isTool || taken {
				c.leaveOut(t.item, t.Name, fmt.Sprintf("its earlier name %s is in use (%s)", shorten(alias), cmp.Or(owner, "a tool")))
				continue
			}
			c.aliases[alias] = t.Name
		}
	}
}

func (c *catalog) leaveOut(it *item, tool, reason string) {
	c.problems = append(c.problems, Problem{Plugin: it.name, Tool: tool, Reason: reason})
}

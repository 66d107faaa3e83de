package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mcp-server/internal/access"
)

func newAccessCommand(s *settings, std streams) *cobra.Command {
	return group(&cobra.Command{Use: "access", Short: "Look at an access file"},
		newAccessCheckCommand(s, std))
}

func newAccessCheckCommand(s *settings, std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "check FILE",
		Short: "Say what is wrong with an access file, or who may do what by it",
		Long: `Say what is wrong with an access file, with the exit code 2, or who may do what by it. The files that it names are
read too, so run it as the server's user. No issuer of OAuth is asked.`,
		Example: "  mcp-server access check /etc/mcp-server/access.yaml",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("check takes an access file, such as: mcp-server access check access.yaml")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			gate, err := access.Open(access.Options{Path: args[0]})
			if err != nil {
				return usageError{err}
			}
			found := grantsOf(gate, time.Now())
			if asJSON {
				return writeJSON(std.out, map[string]any{"grants": found})
			}
			return printGrants(std.out, found)
		},
	}
	addOutputFlag(c, s)
	return c
}

// grant is what a caller, or a rule of OAuth, may.
type grant struct {
	Caller      string   `json:"caller,omitempty"`
	Rule        string   `json:"oauth_rule,omitempty"`
	Profile     string   `json:"profile,omitempty"`
	ReadOnly    bool     `json:"read_only,omitempty"`
	Allow       []string `json:"allow,omitempty"`
	Deny        []string `json:"deny,omitempty"`
	Rate        int      `json:"rate,omitempty"`
	Concurrency int      `json:"concurrency,omitempty"`
	Metrics     bool     `json:"metrics,omitempty"`
	Expires     string   `json:"expires,omitempty"` // RFC 3339
	Expired     bool     `json:"expired,omitempty"`
}

func grantsOf(gate *access.Gate, now time.Time) []grant {
	all := []grant{}
	for _, c := range gate.Grants() {
		g := grant{
			Caller: c.Name, Rule: c.Rule, Profile: c.Profile, ReadOnly: c.Policy.ReadOnly, Allow: ruleTexts(c.Policy.Allow), Deny: ruleTexts(c.Policy.Deny),
			Rate: c.Limits.PerMinute, Concurrency: c.Limits.Concurrent, Metrics: c.Metrics,
		}
		if !c.Expires.IsZero() {
			g.Expires, g.Expired = c.Expires.Format(time.RFC3339), !now.Before(c.Expires)
		}
		all = append(all, g)
	}
	return all
}

func ruleTexts(rules []access.Rule) (texts []string) {
	for _, r := range rules {
		texts = append(texts, r.String())
	}
	return texts
}

func printGrants(out io.Writer, all []grant) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(out, "The file admits nobody.")
		return err
	}
	for _, g := range all {
		if _, err := fmt.Fprintln(out, g.line()); err != nil {
			return err
		}
	}
	return nil
}

// line says all of a grant, also what is not in the file.
func (g grant) line() string {
	who := "caller " + g.Caller
	if g.Rule != "" {
		who = "oauth " + g.Rule
	}
	parts := []string{"profile " + g.Profile}
	if g.Profile == "" {
		parts = []string{"the server's own credentials"}
	}
	if g.ReadOnly {
		parts = append(parts, "read-only")
	}
	if len(g.Allow) == 0 {
		parts = append(parts, "all tools")
	} else {
		parts = append(parts, "allow "+strings.Join(g.Allow, ", "))
	}
	if len(g.Deny) > 0 {
		parts = append(parts, "deny "+strings.Join(g.Deny, ", "))
	}
	if g.Rate > 0 {
		parts = append(parts, fmt.Sprintf("%d calls a minute", g.Rate))
	}
	if g.Concurrency > 0 {
		parts = append(parts, fmt.Sprintf("%d at once", g.Concurrency))
	}
	if g.Metrics {
		parts = append(parts, "metrics")
	}
	switch {
	case g.Expired:
		parts = append(parts, "EXPIRED "+g.Expires)
	case g.Expires != "":
		parts = append(parts, "expires "+g.Expires)
	}
	return who + ": " + strings.Join(parts, "; ")
}

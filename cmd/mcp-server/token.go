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

func newTokenCommand(s *settings, std streams) *cobra.Command {
	return group(&cobra.Command{Use: "token", Short: "Make tokens for the callers of a server on HTTP"},
		newTokenNewCommand(s, std), newTokenHashCommand(std))
}

func newTokenNewCommand(s *settings, std streams) *cobra.Command {
	var days dayCount
	var quiet bool
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Print a new token once, and the lines of the access file that admit it",
		Long: `Print a new token once, and the lines of the access file that admit it. The file holds the token's SHA-256 alone, so
that who reads the file cannot call; nobody can show the token again.`,
		Example: `  mcp-server token new ci --days 90
  mcp-server token new ci --quiet | tee ci.token | mcp-server token hash`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("new takes the name of the caller, such as: mcp-server token new ci")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			made, err := newToken(args[0], int(days), time.Now())
			switch {
			case err != nil:
				return usageError{err}
			case asJSON:
				return writeJSON(std.out, made)
			case quiet:
				_, err := fmt.Fprintln(std.out, made.Token)
				return err
			}
			return made.print(std.out)
		},
	}
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "print only the token; token hash makes the line for the file from it")
	c.Flags().Var(&days, "days", "days until the token expires; 0 for never")
	addOutputFlag(c, s)
	return c
}

// madeToken is a token that is shown once.
type madeToken struct {
	Name    string `json:"name"`
	Token   string `json:"token"`
	SHA256  string `json:"token_sha256"`
	Expires string `json:"expires,omitempty"` // RFC 3339
}

func newToken(name string, days int, now time.Time) (madeToken, error) {
	if err := access.CheckName(name); err != nil {
		return madeToken{}, fmt.Errorf("%q is no name of a caller: %w", name, err)
	}
	made := madeToken{Name: name, Token: access.NewToken()}
	if days > 0 {
		made.Expires = now.UTC().Truncate(time.Second).AddDate(0, 0, days).Format(time.RFC3339)
	}
	var err error
	made.SHA256, err = access.Hash(made.Token)
	return made, err
}

// print writes the token on the first line, where scripts find it, and below it what goes into the file.
func (m madeToken) print(out io.Writer) error {
	lines := []string{
		m.Token,
		"",
		"# The line above is the token of " + m.Name + ", and is not shown again. Below \"callers:\" of the access file belongs:",
		"  - name: \"" + m.Name + "\"",
		"    token_sha256: \"" + m.SHA256 + "\"",
	}
	if m.Expires != "" {
		lines = append(lines, "    expires: \""+m.Expires+"\"")
	}
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

func newTokenHashCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:     "hash",
		Short:   "Read a token from standard input and print its SHA-256 for the access file",
		Example: "  mcp-server token hash < token.txt",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			text, err := io.ReadAll(io.LimitReader(std.in, 64<<10)) // more is no token
			if err != nil {
				return fmt.Errorf("reading the token: %w", err)
			}
			sum, err := access.Hash(string(text))
			if err != nil {
				return usageError{err}
			}
			_, err = fmt.Fprintln(std.out, sum)
			return err
		},
	}
}

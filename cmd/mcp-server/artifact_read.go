package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"mcp-server/internal/artifact"
	"mcp-server/internal/artifact/preview"
)

// readResult is what the tool artifact_read returns.
type readResult struct {
	URI  string `json:"uri"`
	Name string `json:"name"`
	Path string `json:"path"`
	preview.Part
}

func newArtifactReadCommand(s *settings, std streams) *cobra.Command {
	var selection preview.Selection
	c := &cobra.Command{
		Use:   "read URI",
		Short: "Show a part of a stored file: text, the files in a zip or one of them, the rows of a sheet",
		Long: `Show a part of a stored file: text as text, the files in a zip as a table, the rows of a sheet separated by tabs. Control
characters are left out; -o json has them, and artifact get copies the file as it is. What else there is to know, and
how to read on, goes to standard error. Offset and limit count bytes of text, files of a zip or rows of a sheet.`,
		Example: `  mcp-server artifact read 2cf24d                          # the files in a zip
  mcp-server artifact read 2cf24d --entry main.tf          # one of them
  mcp-server artifact read 5d5766 --sheet Tasks --limit 10 # rows of a workbook
  mcp-server artifact read 5d5766 -o json`,
		Args: oneArtifact,
		RunE: func(c *cobra.Command, args []string) error {
			asJSON, err := s.wantsJSON()
			if err != nil {
				return err
			}
			return withStore(s, std, func(store *artifact.Store) error {
				r, err := find(store, args[0])
				if err != nil {
					return err
				}
				file, err := store.Content(r)
				if err != nil {
					return err
				}
				defer func() { _ = file.Close() }() // only read
				part, err := previewReader(store.TempDir()).Read(c.Context(), file, r.Name, selection)
				switch {
				case err != nil:
					return err
				case asJSON:
					return writeJSON(std.out, readResult{URI: r.URI, Name: r.Name, Path: r.Path, Part: part})
				}
				return printPart(std, part)
			})
		},
	}
	c.Flags().StringVar(&selection.Entry, "entry", "", "a file inside a zip, by the name that the listing shows")
	c.Flags().StringVar(&selection.Sheet, "sheet", "", "a sheet of a workbook; the first by default")
	c.Flags().Int64Var(&selection.Offset, "offset", 0, "where to begin")
	c.Flags().Int64Var(&selection.Limit, "limit", 0, "how much to show; by default as much as suits the content")
	addOutputFlag(c, s)
	return c
}

func printPart(std streams, p preview.Part) error {
	if err := printContent(std.out, p); err != nil {
		return err
	}
	var about []string
	if len(p.Sheets) > 1 {
		about = append(about, "sheets: "+strings.Join(p.Sheets, ", "))
	}
	if p.Note != "" {
		about = append(about, "note: "+p.Note)
	}
	if p.NextOffset > 0 {
		text := fmt.Sprintf("more: --offset %d reads on", p.NextOffset)
		if p.Total > 0 {
			text += fmt.Sprintf("; there are %d %s", p.Total, p.Unit)
		}
		about = append(about, text)
	}
	for _, line := range about {
		_, _ = fmt.Fprintln(std.err, printable(line)) // what nobody can read is no failure
	}
	return nil
}

func printContent(out io.Writer, p preview.Part) error {
	var text strings.Builder
	if p.Text != "" {
		text.WriteString(visible(strings.TrimSuffix(p.Text, "\n"), "\n\t") + "\n")
	}
	for _, row := range p.Rows {
		for n, cell := range row {
			if n > 0 {
				text.WriteByte('\t')
			}
			text.WriteString(printable(cell))
		}
		text.WriteByte('\n')
	}
	table := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	for _, e := range p.Entries {
		mark := ""
		if e.Encrypted {
			mark = "encrypted"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", shortSize(e.Size), mark, printable(e.Name)) // into memory
	}
	_ = table.Flush()
	_, err := io.WriteString(out, text.String())
	return err
}

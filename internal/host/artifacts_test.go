package host

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"mcp-server/internal/artifact"
	"mcp-server/sdk"
)

// TestLostDownloadsAreBounded has eight that were lost, and looks for them by page and by name.
func TestLostDownloadsAreBounded(t *testing.T) {
	t.Parallel()
	store, err := artifact.Open(artifact.Config{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), NoUpkeep: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	for n := range 8 {
		lose(t, store, fmt.Sprintf("Archive-%d", n))
	}
	for name, tc := range map[string]struct {
		in          listArtifactsIn
		shown, lost int
	}{
		"all":            {listArtifactsIn{Limit: 20}, 5, 8},
		"the next page":  {listArtifactsIn{Limit: 20, Offset: 20}, 0, 0},
		"by an id":       {listArtifactsIn{Limit: 20, Name: " ARCHIVE-3 "}, 1, 1},
		"by a file name": {listArtifactsIn{Limit: 20, Name: "4.ZIP"}, 1, 1},
		"by nothing":     {listArtifactsIn{Limit: 20, Name: "elsewhere"}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &Host{tenants: tenants{byName: map[string]*tenant{"": {store: store}}}}
			out, err := h.listArtifacts(t.Context(), nil, tc.in)
			if err != nil || len(out.Lost) != tc.shown || out.LostTotal != tc.lost {
				t.Fatalf("%d of %d lost, %v", len(out.Lost), out.LostTotal, err)
			}
			for _, l := range out.Lost {
				if len([]rune(l.Known)) > 401 || len([]rune(l.WayOn)) > 401 || !strings.HasPrefix(l.WayOn, "make a new one") {
					t.Errorf("lost: %+v", l)
				}
			}
		})
	}
}

func lose(t *testing.T, store *artifact.Store, id string) {
	t.Helper()
	dir, release, err := store.Stage("p", id)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	claim, err := store.Claim(t.Context(), artifact.ClaimRequest{
		Call: id, StagingDir: dir, Source: sdk.Origin{Operation: "Op", IDs: map[string]string{"archive_id": id}},
		Name: "asset" + id[7:] + ".zip", WayOn: "make a new one" + strings.Repeat("!", 1000),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer claim.Close()
	if _, err := claim.Settle(t.Context(), strings.Repeat("cut ", 1000)); err != nil {
		t.Fatal(err)
	}
}

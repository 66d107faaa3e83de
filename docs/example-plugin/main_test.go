package main

import (
	"testing"

	"mcp-server/sdk"
	"mcp-server/sdk/sdktest"
)

// TestShout runs every case in memory, where a debugger and the race detector see it, and in a process as a server starts it.
func TestShout(t *testing.T) {
	t.Parallel()
	for way, host := range sdktest.Both(t, newPlugin(), ".") {
		for name, tc := range map[string]struct {
			arguments map[string]any
			want      string
			wantErr   sdk.Code
		}{
			"once":             {arguments: map[string]any{"text": "hello"}, want: "HELLO"},
			"twice":            {arguments: map[string]any{"text": "hello", "times": 2}, want: "HELLO HELLO"},
			"blank":            {arguments: map[string]any{"text": " "}, wantErr: sdk.CodeInvalidArgument},
			"too often":        {arguments: map[string]any{"text": "hello", "times": 11}, wantErr: sdk.CodeInvalidArgument},
			"unknown argument": {arguments: map[string]any{"text": "hello", "loud": true}, wantErr: sdk.CodeInvalidArgument},
		} {
			t.Run(way+"/"+name, func(t *testing.T) {
				t.Parallel()
				r := host.Call(t.Context(), "text_shout", tc.arguments)
				if tc.wantErr != "" {
					if r.Err == nil || r.Err.Code != tc.wantErr {
						t.Errorf("got %s, %v; want the error %s", r.JSON, r.Err, tc.wantErr)
					}
					return
				}
				if got := sdktest.Decode[shoutOut](t, r); got.Text != tc.want {
					t.Errorf("got %q, want %q", got.Text, tc.want)
				}
			})
		}
	}
}

// TestInventory checks what models and clients read: names, descriptions, schemas.
func TestInventory(t *testing.T) {
	t.Parallel()
	sdktest.Inventory(t, newPlugin())
}

// TestGolden keeps the definitions in testdata; SDKTEST_UPDATE=1 go test writes them anew.
func TestGolden(t *testing.T) {
	t.Parallel()
	sdktest.Golden(t, newPlugin(), "testdata/tools")
}

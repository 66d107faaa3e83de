package main

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"time"

	"mcp-server/sdk"
)

// step is the time between two events of a tool.
const step = 50 * time.Millisecond

func contentTools() []sdk.Tool {
	return []sdk.Tool{
		tool("test_simple_text", "Simple text", "Returns one text block; the suite's tools-call-simple-text calls it.",
			func(context.Context, *sdk.Call, none) (sdk.Contents, error) {
				return says(sdk.Text("This is a simple text response for testing."))
			}),
		tool("test_image_content", "Image", "Returns one picture of one red point; the suite's tools-call-image calls it.",
			func(context.Context, *sdk.Call, none) (sdk.Contents, error) {
				return says(sdk.Image(redPoint(), "image/png"))
			}),
		tool("test_audio_content", "Audio", "Returns one sound that holds nothing; the suite's tools-call-audio calls it.",
			func(context.Context, *sdk.Call, none) (sdk.Contents, error) {
				return says(sdk.Audio(silence(), "audio/wav"))
			}),
		tool("test_embedded_resource", "Embedded resource", "Returns a resource with its text; the suite's tools-call-embedded-resource calls it.",
			func(context.Context, *sdk.Call, none) (sdk.Contents, error) {
				return says(sdk.Embed(sdk.ResourceContent{
					URI: "test://embedded-resource", MediaType: "text/plain", Text: "This is an embedded resource content.",
				}))
			}),
		tool("test_multiple_content_types", "Several blocks", "Returns a text, a picture and a resource; the suite's tools-call-mixed-content calls it.",
			func(context.Context, *sdk.Call, none) (sdk.Contents, error) {
				return says(sdk.Text("Multiple content types test:"), sdk.Image(redPoint(), "image/png"), sdk.Embed(sdk.ResourceContent{
					URI: "test://mixed-content-resource", MediaType: "application/json", Text: `{"test":"data","value":123}`,
				}))
			}),
		tool("test_error_handling", "Error", "Always answers with an error; the suite's tools-call-error calls it.",
			func(context.Context, *sdk.Call, none) (sdk.Contents, error) {
				return sdk.Contents{}, &sdk.Error{
					Code: sdk.CodeInternal, Source: sdk.SourcePlugin, Message: "This tool intentionally returns an error for testing",
				}
			}),
		tool("test_tool_with_logging", "Logging", "Logs three lines at info, 50 ms apart; the suite's tools-call-with-logging calls it.", logs),
		tool("test_logging_tool", "One log line", "Logs one line at info, for a client that may not have asked for any; the suite's server-stateless calls it.",
			func(_ context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				call.Logger().Info("Diagnostic trace logging activated")
				return says(sdk.Text("Logging evaluated"))
			}),
		tool("test_tool_with_progress", "Progress", "Reports progress 0, 50 and 100 of 100, 50 ms apart; the suite's tools-call-with-progress calls it.", reportsProgress),
		tool("test_reconnection", "Reconnection", "Closes the event stream in the middle of the call (SEP-1699); the suite's server-sse-polling calls it.",
			func(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
				call.CloseStream()
				if err := wait(ctx, 2*step); err != nil {
					return sdk.Contents{}, err
				}
				return says(sdk.Text("Reconnection test completed successfully. If you received this, the client properly reconnected after stream closure."))
			}),
	}
}

func logs(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
	for n, line := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
		if n > 0 {
			if err := wait(ctx, step); err != nil {
				return sdk.Contents{}, err
			}
		}
		call.Logger().Info(line)
	}
	return says(sdk.Text("Tool with logging executed successfully"))
}

func reportsProgress(ctx context.Context, call *sdk.Call, _ none) (sdk.Contents, error) {
	for n, done := range []float64{0, 50, 100} {
		if n > 0 {
			if err := wait(ctx, step); err != nil {
				return sdk.Contents{}, err
			}
		}
		call.Progress(done, 100, "")
	}
	return says(sdk.Text("Tool with progress executed successfully"))
}

// redPoint is a PNG of one red point.
func redPoint() []byte {
	picture := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	picture.Set(0, 0, color.NRGBA{R: 255, A: 255})
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		panic(err) // a buffer takes all
	}
	return b.Bytes()
}

// silence is a WAV of one sample: mono, 16 bits, 8000 Hz.
func silence() []byte {
	return []byte("RIFF\x26\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x02\x00\x00\x00\x00\x00")
}

package main

import (
	"math"
	"strings"
	"testing"
)

func TestByteSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]byteSize{
		"0": 0, "1048576": 1 << 20, "256MiB": 256 << 20, "20GiB": 20 << 30, "1.5GB": 1_500_000_000, "1.5 gib": 3 << 29, " 7 B ": 7, ".5KiB": 512, "2tb": 2e12,
		"1kB": 1000, "9223372036854775807": math.MaxInt64, "9007199254740993": 1<<53 + 1, "8388607TiB": 8388607 << 40,
	} {
		var got byteSize
		if err := got.Set(text); err != nil || got != want {
			t.Errorf("%q is %d, want %d, %v", text, got, want, err)
		}
		var again byteSize
		if err := again.Set(got.String()); err != nil || again != got {
			t.Errorf("%q is written as %s and read as %d, %v", text, got.String(), again, err)
		}
	}
	for text, want := range map[string]string{
		"": "256MiB", "lots": "256MiB", "GiB": "256MiB", "-1": "256MiB", "1.2.3": "256MiB", "1e9": "256MiB", "0x10": "256MiB", "5 M B": "256MiB", "5M": "256MiB", "NaN": "256MiB", "inf": "256MiB", "∞": "256MiB",
		"9223372036854775808": "too large", "8388608TiB": "too large", "1e999": "256MiB", strings.Repeat("9", 400): "too large", "9000000.5TiB": "too large",
	} {
		got := byteSize(42)
		if err := got.Set(text); err == nil || !strings.Contains(err.Error(), want) || got != 42 {
			t.Errorf("%q became %d, %v", text, got, err)
		}
	}
}

func TestShortSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1<<20 - 1: "1.0 MiB", 5 << 30: "5.0 GiB", math.MaxInt64: "8192.0 PiB",
	} {
		if got := shortSize(n); got != want {
			t.Errorf("%d bytes are shown as %s, want %s", n, got, want)
		}
	}
}

func TestDayCount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]dayCount{"0": 0, "90": 90, "7\n": 7, "65535": math.MaxUint16} {
		var got dayCount
		if err := got.Set(text); err != nil || got != want {
			t.Errorf("%q is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-1", "1.5", "65536", "many"} {
		got := dayCount(42)
		if err := got.Set(text); err == nil || !strings.Contains(err.Error(), "from 0, for no bound") || got != 42 {
			t.Errorf("%q became %d, %v", text, got, err)
		}
	}
}
